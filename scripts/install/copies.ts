import type { V1ConfigMap, V1Pod } from '@kubernetes/client-node';
import { isCopyFrom } from '../../function/copies/copy.ts';
import { configMapsOf } from '../../function/review/injection.ts';
import type { KubernetesApi } from '../kubernetes/client.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { list } from '../kubernetes/read.ts';
import type { Installation } from './installation.ts';

/** A ConfigMap that the function has copied to where a Pod needed it (`ensure`). */
export type Copy = V1ConfigMap & KubernetesObject & { metadata: { name: string; namespace: string } };

/** The copies of an installation's ConfigMaps in other namespaces. */
export async function listCopies(api: KubernetesApi, { namespace }: Installation): Promise<Copy[]> {
  const path = '/api/v1/configmaps?labelSelector=app.kubernetes.io%2Fmanaged-by%3Dhello-webhook';
  const labelled = await list<Copy>(api, path);
  return labelled.filter((configMap) => isCopyFrom(configMap, namespace));
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
