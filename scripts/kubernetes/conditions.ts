/** A condition of an object's status, as Kubernetes, Knative and cert-manager write them. */
export interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
}

/** An object whose status says how it is. */
export interface Conditioned {
  metadata: { name: string; generation?: number; labels?: Record<string, string>; [field: string]: unknown };
  status?: { conditions?: Condition[]; observedGeneration?: number; [field: string]: unknown };
  [field: string]: unknown;
}

/**
 * Why an object is not ready yet, in words that follow its name, or undefined where it is: its condition `Ready` holds
 * for what it says now.
 */
export function notReady(object: Conditioned | undefined): string | undefined {
  if (!object) return 'is not there';
  const { generation = 0 } = object.metadata;
  const { conditions = [], observedGeneration = generation } = object.status ?? {};
  const condition = conditions.find(({ type }) => type === 'Ready');
  if (observedGeneration < generation || !condition) return 'has not been looked at by its controller yet';
  if (condition.status === 'True') return undefined;
  const details = [condition.reason, condition.message].filter(Boolean).join(': ');
  return `is not ready${details && `: ${details}`}`;
}
