/** A condition of an object's status, as Kubernetes, Knative and cert-manager write them. */
export interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  /** A text, though the client library's types say Date. */
  lastTransitionTime?: string | Date;
}

/** An object whose status has conditions. */
export interface Conditioned {
  metadata: { name: string; generation?: number; labels?: Record<string, string>; [field: string]: unknown };
  status?: { conditions?: Condition[]; observedGeneration?: number; [field: string]: unknown };
  [field: string]: unknown;
}

/** Whether an object is ready: its condition `Ready` holds for what it says now. */
export type Readiness =
  | { state: 'ready' }
  /** `failed` where Knative has given up on the revision; `reason` follows the object's name. */
  | { state: 'not found' | 'not observed' | 'not ready' | 'failed'; reason: string };

export function readinessOf(object: Conditioned | undefined): Readiness {
  if (!object) return { state: 'not found', reason: 'was not found' };
  const { generation = 0 } = object.metadata;
  const { conditions = [], observedGeneration = generation } = object.status ?? {};
  const ready = conditions.find(({ type }) => type === 'Ready');
  if (observedGeneration < generation || !ready)
    return { state: 'not observed', reason: 'was not observed by its controller yet' };
  if (ready.status === 'True') return { state: 'ready' };
  const details = [ready.reason, ready.message].filter(Boolean).join(': ');
  // Knative does not try such a revision again before its next change.
  const isFailed = conditions.some(({ reason, status }) => reason === 'RevisionFailed' && status === 'False');
  return { state: isFailed ? 'failed' : 'not ready', reason: `is not ready${details && `: ${details}`}` };
}

/** Why an object is not ready, in words that follow its name, or undefined where it is. */
export function notReady(object: Conditioned | undefined): string | undefined {
  const readiness = readinessOf(object);
  return readiness.state === 'ready' ? undefined : readiness.reason;
}
