import type { V1ObjectMeta } from '@kubernetes/client-node';

/** When the data of a ConfigMap or Secret was last written otherwise than before, as its managedFields have it; undefined where they do not. */
export function dataChanged({ managedFields = [] }: Pick<V1ObjectMeta, 'managedFields'>): Date | undefined {
  const changes = managedFields.filter(({ fieldsV1 = {} }) => 'f:data' in fieldsV1 || 'f:binaryData' in fieldsV1);
  const times = changes.map(({ time }) => new Date(time ?? 0).getTime());
  return times.length > 0 ? new Date(Math.max(...times)) : undefined;
}
