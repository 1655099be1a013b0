import type { V1ConfigMap, V1Pod } from '@kubernetes/client-node';
import { configMapsOf } from '../../function/injection.ts';
import type { Installation } from './installation.ts';
import { type KubernetesApi, type KubernetesObject, list } from './kubernetes-api.ts';

/** A ConfigMap that the function has copied to where a Pod needed it (`ensure`). */
export type Copy = V1ConfigMap & KubernetesObject & { metadata: { name: string; namespace: string } };

/** The copies of an installation's ConfigMaps in other namespaces, by the marks that function/cluster.ts sets. */
export async function listCopies(api: KubernetesApi, { namespace }: Installation): Promise<Copy[]> {
  const path = '/api/v1/configmaps?labelSelector=app.kubernetes.io%2Fmanaged-by%3Dhello-webhook';
  const marked = await list<Copy>(api, path);
  return marked.filter(({ metadata }) => metadata.annotations?.['hello-webhook/copied-from'] === namespace);
}

/** The names of the Pods that take files from a copy. */
export async function podsWith(api: KubernetesApi, { metadata: { name, namespace } }: Copy): Promise<string[]> {
  const pods = await list<V1Pod>(api, `/api/v1/namespaces/${namespace}/pods`);
  const isUsed = ({ spec, status }: V1Pod) =>
    status?.phase !== 'Succeeded' &&
    status?.phase !== 'Failed' &&
    (spec?.volumes ?? []).some((volume) => configMapsOf(volume).includes(name));
  return pods.filter(isUsed).map(({ metadata }) => metadata?.name ?? '');
}
