import type { Progress } from '../terminal/progress.ts';
import type { KubernetesApi } from './client.ts';
import type { Conditioned } from './conditions.ts';
import { objectPath } from './discovery.ts';
import { type KubernetesObject, titleOf } from './object.ts';
import { read, unless } from './read.ts';
import { waitFor } from './wait.ts';

/**
 * Deletes an object where there is one, and waits until it is gone. An object that has come from the API server is
 * deleted by its UID: what somebody else has made under its name since stays. Shows meanwhile what holds it, and throws a
 * TimeoutError that says so after two minutes.
 */
export async function deleteAndWait(api: KubernetesApi, object: KubernetesObject, progress: Progress): Promise<void> {
  const path = await objectPath(api, object);
  const { uid } = object.metadata;
  const preconditions = uid === undefined ? {} : { preconditions: { uid } };
  const body = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background', ...preconditions };
  // 409: another object has its name, or it is being deleted already.
  await unless(409, unless(404, api.send('DELETE', path, { body })));
  await waitFor(
    `deleting ${titleOf(object)}`,
    async () => {
      const current = await read<Conditioned>(api, path);
      const isGone = !current || (uid !== undefined && current.metadata.uid !== uid);
      return isGone ? { found: true } : { missing: whatHolds(current) };
    },
    { progress, timeoutMs: 120_000 },
  );
}

/**
 * What holds an object that is being deleted: what is left in a namespace, in the words of the namespace controller, whose
 * conditions are true where something is (NamespaceContentRemaining, NamespaceFinalizersRemaining, and what failed);
 * finalizers of any other.
 */
export function whatHolds({ kind, metadata, status }: Conditioned): string {
  const { finalizers = [] } = metadata as { finalizers?: string[] };
  const conditions = kind === 'Namespace' ? (status?.conditions ?? []) : [];
  const remaining = conditions.flatMap(({ status, message = '' }) => (status === 'True' ? [message] : []));
  if (finalizers.length > 0) remaining.push(`finalizers: ${finalizers.join(', ')}`);
  return ['it still exists', ...remaining].join('; ');
}
