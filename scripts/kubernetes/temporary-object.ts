import type { Progress } from '../terminal/progress.ts';
import type { Answer, KubernetesApi } from './client.ts';
import { deleteAndWait } from './delete.ts';
import { collectionPath } from './discovery.ts';
import type { KubernetesObject } from './object.ts';

/**
 * Creates an object that is deleted with `cleanup`, also where the request is under way as that begins; what somebody
 * else has made under its name stays. Throws, and creates nothing, once the cleanup has begun.
 */
export function createTemporarily(
  api: KubernetesApi,
  object: KubernetesObject,
  { progress, cleanup }: { progress: Progress; cleanup: AsyncDisposableStack },
): Promise<Answer> {
  // Deferred before the request starts: a cleanup that has begun refuses it.
  cleanup.defer(async () => {
    const created = await creating.catch(() => undefined);
    if (created) await deleteAndWait(api, created.object, progress);
  });
  const creating = create(api, object);
  return creating;
}

/** Creates an object, under a name that the API server makes where it has a `generateName`. */
export async function create(api: KubernetesApi, object: KubernetesObject): Promise<Answer> {
  return api.send('POST', await collectionPath(api, object), { body: object });
}
