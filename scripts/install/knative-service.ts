import type { V1Pod } from '@kubernetes/client-node';
import type { KubernetesApi } from '../kubernetes/client.ts';
import type { Conditioned } from '../kubernetes/conditions.ts';
import { list, read } from '../kubernetes/read.ts';
import { waitFor } from '../kubernetes/wait.ts';
import type { Progress } from '../terminal/progress.ts';
import type { Installation } from './installation.ts';

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

/** Since when a Service is ready: its latest change was served from then on. */
export function readySince({ status }: KnativeService): Date | undefined {
  const ready = status?.conditions?.find(({ type, status }) => type === 'Ready' && status === 'True');
  return ready?.lastTransitionTime === undefined ? undefined : new Date(ready.lastTransitionTime);
}

/** Whether a function serves those alone whose token it knows, once it knows one. */
export function readsCallerTokens({ containers }: RevisionSpec): boolean {
  return containers.some(({ env = [] }) => env.some(({ name }) => name === 'CALLER_TOKENS'));
}

/** Whether one function always runs, as the component always-warm has it. */
export function isAlwaysWarm(service: KnativeService | undefined): boolean {
  return Number(service?.spec.template.metadata?.annotations?.['autoscaling.knative.dev/min-scale'] ?? 0) > 0;
}

/** The Pods of the function that are there, those on their way out included. */
export function functionPods(api: KubernetesApi, { name, namespace }: Installation): Promise<V1Pod[]> {
  return list<V1Pod>(api, `/api/v1/namespaces/${namespace}/pods?labelSelector=serving.knative.dev%2Fservice%3D${name}`);
}

/** Waits until the function has scaled to zero: a minute and a half after its last call, as Knative is set up. Throws after five. */
export async function waitForZero(api: KubernetesApi, installation: Installation, progress: Progress): Promise<void> {
  const look = async () => {
    const { length } = await functionPods(api, installation);
    return length === 0 ? { found: true } : { missing: `${length} Pod${length > 1 ? 's' : ''} left` };
  };
  await waitFor('waiting until the function has scaled to zero', look, { progress, timeoutMs: 300_000 });
}
