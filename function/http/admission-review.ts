import type { V1Pod } from '@kubernetes/client-node';
import type { Operation } from 'fast-json-patch';
import { fieldName, type Problem, schemaProblems } from '../injections/schema.ts';
import { validatePod, validateReview } from '../injections/validators.ts';

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

export interface AdmissionReview {
  apiVersion: string;
  request: AdmissionRequest;
}

/** What goes to the client as warnings, and into the API server's audit log. */
export type Notes = Pick<AdmissionResponse, 'warnings' | 'auditAnnotations'>;

/** An AdmissionReview, or what is wrong with it and the request as far as it is one. */
export type Parsed = { review: AdmissionReview } | { problem: string; request?: AdmissionRequest };

/** The AdmissionReview in a parsed body, v1 or v1beta1, or what is wrong with it: `request.object.spec is required`. */
export function parseAdmissionReview(body: unknown): Parsed {
  const [problem] = schemaProblems(validateReview, body);
  if (problem) return { problem: inWords(problem) };
  const review = body as AdmissionReview;
  const [podProblem] = carriesPod(review.request) ? schemaProblems(validatePod, review.request.object) : [];
  if (podProblem) {
    const path = ['request', 'object', ...podProblem.path];
    return { problem: inWords({ ...podProblem, path }), request: review.request };
  }
  return { review };
}

/** Whether the request carries a whole Pod to be written, itself or with new ephemeral containers. */
export function carriesPod({ kind, operation, subResource = '' }: AdmissionRequest): boolean {
  const isPod = kind.kind === 'Pod' && !kind.group;
  return (
    isPod && (operation === 'CREATE' || operation === 'UPDATE') && ['', 'ephemeralcontainers'].includes(subResource)
  );
}

/** The Pod as it was before an update, as far as it is one. */
export function oldPod({ oldObject }: AdmissionRequest): V1Pod | undefined {
  return validatePod(oldObject) ? (oldObject as V1Pod) : undefined;
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

/** Refuses the request, whatever the failurePolicy; the API server puts `admission webhook … denied the request:` before the message. */
export function deny({ uid }: AdmissionRequest, message: string, notes: Notes = {}): AdmissionResponse {
  return { uid, allowed: false, status: { code: 403, reason: 'Forbidden', message }, ...notes };
}

/** The AdmissionReview to answer with: in the version of the one that asked. */
export function inVersionOf({ apiVersion }: AdmissionReview, response: AdmissionResponse): object {
  return { apiVersion, kind: 'AdmissionReview', response };
}

function inWords({ path, message }: Problem): string {
  return `${fieldName(path) || 'the body'} ${message}`;
}
