import type { Operation } from 'fast-json-patch';

/** What is used of an AdmissionReview's request: https://pkg.go.dev/k8s.io/api/admission/v1#AdmissionRequest */
export interface AdmissionRequest {
  uid: string;
  kind: { group?: string; version: string; kind: string };
  operation: string;
  subResource?: string;
  /** Absent on a creation with generateName. */
  name?: string;
  /** Authoritative: the object's own may be absent. */
  namespace?: string;
  dryRun?: boolean | null;
  /** Checked to be a Pod where `carriesPod` holds; null on DELETE, options on CONNECT. */
  object?: unknown;
  /** The Pod before an update; absent where it is no Pod. */
  oldObject?: unknown;
}

/** https://pkg.go.dev/k8s.io/api/admission/v1#AdmissionResponse, as `allow`, `allowWith` and `deny` make it. */
export type AdmissionResponse = {
  uid: string;
  warnings?: string[];
  auditAnnotations?: Record<string, string>;
} & (
  | { allowed: true }
  | { allowed: true; patchType: 'JSONPatch'; patch: string }
  | { allowed: false; status: { code: number; reason: string; message: string } }
);

/** What goes to the client as warnings, and into the API server's audit log. */
export type Notes = Pick<AdmissionResponse, 'warnings' | 'auditAnnotations'>;

/** Whether the request carries a whole Pod to be written, itself or with new ephemeral containers. */
export function carriesPod({ kind, operation, subResource = '' }: AdmissionRequest): boolean {
  const isPod = kind.kind === 'Pod' && !kind.group;
  return (
    isPod && (operation === 'CREATE' || operation === 'UPDATE') && ['', 'ephemeralcontainers'].includes(subResource)
  );
}

export function allow({ uid }: AdmissionRequest, notes: Notes = {}): AdmissionResponse {
  return { uid, allowed: true, ...notes };
}

/** Allows with a patch. The API server refuses a patchType without a patch, so an empty patch is a plain `allow`. */
export function allowWith(
  request: AdmissionRequest,
  patch: readonly Operation[],
  notes: Notes = {},
): AdmissionResponse {
  if (patch.length === 0) return allow(request, notes);
  const encoded = Buffer.from(JSON.stringify(patch)).toString('base64');
  return { ...allow(request, notes), allowed: true, patchType: 'JSONPatch', patch: encoded };
}

/** Denies the request, whatever the failurePolicy; the API server puts `admission webhook … denied the request:` before the message. */
export function deny({ uid }: AdmissionRequest, message: string, notes: Notes = {}): AdmissionResponse {
  return { uid, allowed: false, status: { code: 403, reason: 'Forbidden', message }, ...notes };
}
