import type { V1ConfigMap, V1Pod } from '@kubernetes/client-node';
import { isCopyFrom } from '../../function/copies/copy.ts';
import { configMapsOf, type Injection } from '../../function/review/injection.ts';
import type { KubernetesApi } from '../kubernetes/client.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { list } from '../kubernetes/read.ts';
import type { Installation } from './installation.ts';
import { isForNamespace } from './namespaces.ts';

/** A ConfigMap that the function has copied to where a Pod needed it (`ensure`). */
export type Copy = V1ConfigMap & KubernetesObject & { metadata: { name: string; namespace: string } };

/** The copies of an installation's ConfigMaps in other namespaces. */
export async function listCopies(api: KubernetesApi, { namespace }: Installation): Promise<Copy[]> {
  const path = '/api/v1/configmaps?labelSelector=app.kubernetes.io%2Fmanaged-by%3Dhello-webhook';
  const labelled = await list<Copy>(api, path);
  return labelled.filter((configMap) => isCopyFrom(configMap, namespace));
}

/**
 * Whether the function would copy it to where it is, were it not there: who may write ConfigMaps there can forge all that
 * makes one a copy. `labels` are the namespace's.
 */
export function isEnsured(
  { metadata: { name, namespace } }: Copy,
  injections: readonly Injection[],
  labels: Readonly<Record<string, string>>,
): boolean {
  return injections.some(
    (injection) =>
      injection.ensure &&
      configMapsOf(injection.volume).includes(name) &&
      isForNamespace(injection, { name: namespace, labels }),
  );
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
