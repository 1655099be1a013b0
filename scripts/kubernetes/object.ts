/** An object as the API has it: raw JSON, so that no field is lost that a client library does not know. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name?: string;
    generateName?: string;
    namespace?: string;
    labels?: Record<string, string>;
    [field: string]: unknown;
  };
  [field: string]: unknown;
}

/** What people call an object: `Deployment shop`, `Knative Service hello-webhook`. */
export function titleOf({ apiVersion, kind, metadata: { name, generateName } }: KubernetesObject): string {
  const whose = kind === 'Service' && apiVersion.startsWith('serving.knative.dev/') ? 'Knative ' : '';
  return `${whose}${kind} ${name ?? generateName ?? 'without a name'}`;
}
