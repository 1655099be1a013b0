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

/**
 * Whether a ConfigMap is a copy from a namespace: it has the label and the annotation that `copyOf` sets, and has them from
 * the function or from sync. Anybody may set them on a ConfigMap of his own, which is none then.
 */
export function isCopyFrom(configMap: V1ConfigMap, namespace: string): boolean {
  const { labels = {}, annotations = {} } = configMap.metadata ?? {};
  const isLabelled = Object.entries(managedBy).every(([key, value]) => labels[key] === value);
  const isOwn = ownFields(configMap).some(
    (fields) => fields['f:metadata']?.['f:annotations']?.[`f:${copiedFrom}`] !== undefined,
  );
  return isLabelled && annotations[copiedFrom] === namespace && isOwn;
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
export function isChanged(copy: V1ConfigMap): boolean {
  const { data = {}, binaryData = {} } = copy;
  const own = ownFields(copy);
  const isOwn = (field: 'f:data' | 'f:binaryData') => (key: string) =>
    own.some((fields) => fields[field]?.[`f:${key}`] !== undefined);
  return !(Object.keys(data).every(isOwn('f:data')) && Object.keys(binaryData).every(isOwn('f:binaryData')));
}

/** The fields of a copy that are as the function, or sync, has applied them. */
function ownFields({ metadata }: V1ConfigMap): FieldsV1[] {
  return (metadata?.managedFields ?? [])
    .filter(({ manager, operation }) => manager === fieldManager && operation === 'Apply')
    .map(({ fieldsV1 = {} }) => fieldsV1 as FieldsV1);
}

interface FieldsV1 {
  'f:data'?: Record<string, unknown>;
  'f:binaryData'?: Record<string, unknown>;
  'f:metadata'?: { 'f:annotations'?: Record<string, unknown> };
}
