import type { Progress } from '../terminal/progress.ts';
import { type Answer, type KubernetesApi, type KubernetesObject, read, unless } from './client.ts';
import { titleOf } from './manifest.ts';
import { waitFor } from './wait.ts';

interface Creation {
  api: KubernetesApi;
  /** Where its kind is: `/api/v1/namespaces/default/pods`. */
  collection: string;
  object: KubernetesObject;
}

/**
 * Creates an object that goes with `cleanup`: the very one that this has created, also where the request is under way as
 * the cleanup begins; what somebody else has made under its name stays. Throws, and creates nothing, once it has begun.
 */
export function createFor(
  cleanup: AsyncDisposableStack,
  { api, collection, object }: Creation,
  progress: Progress,
): Promise<Answer> {
  // Deferred before the request starts: a cleanup that has begun refuses it.
  cleanup.defer(async () => {
    const created = await creating.catch(() => undefined);
    if (created) await remove(api, collection, created.object, progress);
  });
  const creating = api.send('POST', collection, { body: object });
  return creating;
}

async function remove(
  api: KubernetesApi,
  collection: string,
  created: KubernetesObject,
  progress: Progress,
): Promise<void> {
  const { name, uid } = created.metadata;
  const path = `${collection}/${name}`;
  const body = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background', preconditions: { uid } };
  // 409: another of its name is there, or it is on its way out.
  await unless(409, unless(404, api.send('DELETE', path, { body })));
  await waitFor(
    `deleting ${titleOf(created)}`,
    async () => ((await read(api, path))?.metadata.uid === uid ? { missing: 'it is there still' } : { found: true }),
    { progress, timeoutMs: 120_000 },
  );
}
