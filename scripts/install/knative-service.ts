import type { KubernetesApi } from '../kubernetes/client.ts';
import type { Conditioned } from '../kubernetes/conditions.ts';
import { read } from '../kubernetes/read.ts';
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
