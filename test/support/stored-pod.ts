import type { V1Pod } from '@kubernetes/client-node';

/** A stored Pod without what the API server makes anew for each creation: names, times, ids; and without empty lists, which it stores as none. */
export function comparablePod({ metadata = {}, spec }: V1Pod): unknown {
  const { name: _name, namespace: _, uid: _uid, creationTimestamp: _time, managedFields: _fields, ...rest } = metadata;
  const text = JSON.stringify({ metadata: rest, spec }, (_key, value) =>
    Array.isArray(value) && value.length === 0 ? undefined : value,
  );
  return JSON.parse(text.replace(/kube-api-access-\w+/g, 'kube-api-access'));
}
