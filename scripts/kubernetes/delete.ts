import type { Progress } from '../terminal/progress.ts';
import type { KubernetesApi } from './client.ts';
import { objectPath } from './discovery.ts';
import { type KubernetesObject, titleOf } from './object.ts';
import { read, unless } from './read.ts';
import { waitFor } from './wait.ts';

/**
 * Deletes an object where there is one, and waits until it is gone. An object that has come from the API server is
 * deleted by its UID: what somebody else has made under its name since stays.
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
      const current = await read(api, path);
      const isGone = !current || (uid !== undefined && current.metadata.uid !== uid);
      return isGone ? { found: true } : { missing: 'it still exists' };
    },
    { progress, timeoutMs: 120_000 },
  );
}
