import { isDeepStrictEqual } from 'node:util';
import type { V1ConfigMap } from '@kubernetes/client-node';

/** The label of what this webhook has made, and its name in managedFields. */
const managedBy = { 'app.kubernetes.io/managed-by': 'hello-webhook' };
const copiedFrom = 'hello-webhook/copied-from';
export const fieldManager = 'hello-webhook';

/** The ConfigMap as it is to be in another namespace. */
export function copyOf({ metadata, data, binaryData, immutable }: V1ConfigMap, namespace: string): V1ConfigMap {
  const name = metadata?.name ?? '';
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name,
      namespace,
      labels: managedBy,
      annotations: { [copiedFrom]: metadata?.namespace ?? '' },
    },
    ...(data && { data }),
    ...(binaryData && { binaryData }),
    ...(immutable !== undefined && { immutable }),
  };
}

/** Whether a ConfigMap is a copy from a namespace, by the label and the annotation that `copyOf` sets. */
export function isCopyFrom({ metadata = {} }: V1ConfigMap, namespace: string): boolean {
  const isOurs = Object.entries(managedBy).every(([key, value]) => metadata.labels?.[key] === value);
  return isOurs && metadata.annotations?.[copiedFrom] === namespace;
}

/** Whether two ConfigMaps say the same. */
export function hasSameContent(one: V1ConfigMap, other: V1ConfigMap): boolean {
  const contentOf = ({ data = {}, binaryData = {}, immutable = false }: V1ConfigMap) => ({
    data,
    binaryData,
    immutable,
  });
  return isDeepStrictEqual(contentOf(one), contentOf(other));
}

/** How a copy is, beside its source. */
export type CopyState = 'up to date' | 'out of date' | 'immutable' | 'changed';

/** How a copy is, beside what it should be: only one that is `out of date` can be, and may be, brought up to date. */
export function stateOf(copy: V1ConfigMap, wanted: V1ConfigMap): CopyState {
  if (hasSameContent(copy, wanted)) return 'up to date';
  if (copy.immutable) return 'immutable';
  return isChanged(copy) ? 'changed' : 'out of date';
}

/**
 * Whether somebody has changed a copy since the function, or sync, made it so: a value belongs to whoever set it last,
 * as managedFields has it.
 */
export function isChanged({ metadata, data = {}, binaryData = {} }: V1ConfigMap): boolean {
  const own = (metadata?.managedFields ?? [])
    .filter(({ manager, operation }) => manager === fieldManager && operation === 'Apply')
    .map(({ fieldsV1 = {} }) => fieldsV1 as FieldsV1);
  const isOwn = (field: keyof FieldsV1) => (key: string) =>
    own.some((fields) => fields[field]?.[`f:${key}`] !== undefined);
  return !(Object.keys(data).every(isOwn('f:data')) && Object.keys(binaryData).every(isOwn('f:binaryData')));
}

type FieldsV1 = { [Field in 'f:data' | 'f:binaryData']?: Record<string, unknown> };
