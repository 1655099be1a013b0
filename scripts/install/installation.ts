import { type KubernetesApi, read } from '../kubernetes/client.ts';

/** What a webhook is called in a cluster, and the namespace of its function: manifests/components/settings/settings.yaml. */
export interface Installation {
  name: string;
  namespace: string;
}

/** The options that every command for a cluster has. */
export const clusterOptions = {
  context: { type: 'string' },
  namespace: { type: 'string', short: 'n', default: 'hello-system' },
  name: { type: 'string', default: 'hello-webhook' },
} as const;

/** Those options, for a usage text. */
export const clusterUsage = `      --context NAME     the kubeconfig's context; without it the current one (KUBECONFIG, or ~/.kube/config)
  -n, --namespace NAME   the function's namespace (hello-system)
      --name NAME        what the webhook is called (hello-webhook)`;

/** The installation that a command line means. Throws where a name is none that Kubernetes takes. */
export function installationOf({ name, namespace }: Installation): Installation {
  for (const [option, value] of Object.entries({ name, namespace })) {
    if (!/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(value)) {
      throw new Error(`--${option} must be lower-case letters, digits and dashes: ${value}`);
    }
  }
  if (instanceOf({ name, namespace }).length > 63)
    throw new Error('--name and --namespace have 62 characters at most together');
  return { name, namespace };
}

/** The label's value that tells one installation from another: a label has 63 characters at most. */
export function instanceOf({ name, namespace }: Installation): string {
  return `${name}.${namespace}`;
}

/** The labels that the manifests set on every object of an installation. */
export function instanceLabels(installation: Installation): Record<string, string> {
  return { 'app.kubernetes.io/part-of': 'hello-webhook', 'app.kubernetes.io/instance': instanceOf(installation) };
}

/** Whether an object is this installation's, and not somebody else's, or of another one. */
export function isOurs(
  object: { metadata?: { labels?: Record<string, string> } },
  installation: Installation,
): boolean {
  const { labels = {} } = object.metadata ?? {};
  return Object.entries(instanceLabels(installation)).every(([key, value]) => labels[key] === value);
}

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

/** The function's Knative Service. */
export interface KnativeService extends Conditioned {
  spec: { template: { metadata?: { annotations?: Record<string, string> }; spec: RevisionSpec } };
  status?: Conditioned['status'] & {
    latestReadyRevisionName?: string;
    latestCreatedRevisionName?: string;
  };
}

export interface RevisionSpec {
  containers: { image: string; env?: { name: string; value?: string }[] }[];
  volumes?: { name: string; configMap?: { name: string } }[];
  serviceAccountName?: string;
  automountServiceAccountToken?: boolean;
}

export function readService(
  api: KubernetesApi,
  { name, namespace }: Installation,
): Promise<KnativeService | undefined> {
  return read<KnativeService>(api, `/apis/serving.knative.dev/v1/namespaces/${namespace}/services/${name}`);
}
