import type { V1ConfigMap, V1Pod } from '@kubernetes/client-node';
import { fieldManager } from '../../function/copies/config-maps.ts';
import { configMapsOf } from '../../function/review/injection.ts';
import type { KubernetesApi } from '../kubernetes/client.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { list } from '../kubernetes/read.ts';
import type { Installation } from './installation.ts';

/** A ConfigMap that the function has copied to where a Pod needed it (`ensure`). */
export type Copy = V1ConfigMap & KubernetesObject & { metadata: { name: string; namespace: string } };

/** The copies of an installation's ConfigMaps in other namespaces, by the labels that function/copies/config-maps.ts sets. */
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

/** What a ConfigMap says, in a form in which two that say the same are equal. */
export function contentOf({ data = {}, binaryData = {}, immutable = false }: V1ConfigMap): object {
  return { data, binaryData, immutable };
}

/**
 * Whether somebody has changed a copy since the function, or sync, made it so: a value belongs to whoever set it last,
 * as managedFields has it.
 */
export function isChanged({ metadata, data = {}, binaryData = {} }: Copy): boolean {
  const { managedFields = [] } = metadata as { managedFields?: ManagedFields[] };
  const own = managedFields.filter(({ manager, operation }) => manager === fieldManager && operation === 'Apply');
  const isOwn = (field: 'f:data' | 'f:binaryData') => (key: string) =>
    own.some(({ fieldsV1 }) => fieldsV1?.[field]?.[`f:${key}`] !== undefined);
  return !(Object.keys(data).every(isOwn('f:data')) && Object.keys(binaryData).every(isOwn('f:binaryData')));
}

interface ManagedFields {
  manager?: string;
  operation?: string;
  fieldsV1?: { [Field in 'f:data' | 'f:binaryData']?: Record<string, unknown> };
}
