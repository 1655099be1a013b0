import { apply, type KubernetesApi, type KubernetesObject, objectPath, read, unless } from '../kubernetes/client.ts';
import { type Conditioned, notReady } from '../kubernetes/conditions.ts';
import { titleOf } from '../kubernetes/manifest.ts';
import { waitFor } from '../kubernetes/wait.ts';
import type { Progress } from '../terminal/progress.ts';
import { type Installation, isOurs } from './installation.ts';

const fieldManager = 'hello-webhook-deploy';

/** What says by its status whether it is ready, of all that an overlay has. */
const withStatus = new Set(['Certificate', 'DomainMapping', 'Service']);

/**
 * Applies objects server-side, in their order, and waits until each that has a status is ready. Left as they are, where
 * they are there: a namespace that is not ours, and a ConfigMap whose files are for copying, since people edit those.
 * Throws with the reason of what does not become ready.
 */
export async function applyAll(
  api: KubernetesApi,
  objects: readonly KubernetesObject[],
  { installation, progress }: { installation: Installation; progress: Progress },
): Promise<void> {
  for (const object of objects) {
    progress(`applying: ${titleOf(object)}`);
    if (await isLeft(api, object, installation)) continue;
    await apply(api, object, { fieldManager, force: true }).catch((error) => {
      throw new Error(`${titleOf(object)}: ${(error as Error).message}`, { cause: error });
    });
  }
  progress();
  for (const object of objects.filter(isWatched)) await becomesReady(api, object, progress);
}

function isWatched({ apiVersion, kind }: KubernetesObject): boolean {
  return withStatus.has(kind) && apiVersion !== 'v1';
}

async function isLeft(api: KubernetesApi, object: KubernetesObject, installation: Installation): Promise<boolean> {
  const isSource = object.kind === 'ConfigMap' && !Object.hasOwn(object.data as object, 'injections.yaml');
  if (object.kind !== 'Namespace' && !isSource) return false;
  const there = await read(api, await objectPath(api, object));
  return there !== undefined && (isSource || !isOurs(there, installation));
}

/** Above Knative's own deadline for a revision, 120 s in the manifests: its reason says more than ours. */
const readyMs = 180_000;

/** Waits until an object is ready. Throws with its reason once Knative has given up on it, or it takes too long. */
export async function becomesReady(api: KubernetesApi, object: KubernetesObject, progress: Progress): Promise<void> {
  const path = await objectPath(api, object);
  const title = titleOf(object);
  await waitFor(
    `waiting for ${title}`,
    async () => {
      const current = await read<Conditioned>(api, path);
      const missing = notReady(current);
      if (missing === undefined) return { found: true };
      if (hasFailed(current)) throw new Error(`${title} ${missing}`);
      return { missing };
    },
    { progress, timeoutMs: readyMs },
  );
}

/** Whether Knative has given up on the revision: it does not try again before the next change. */
function hasFailed(object: Conditioned | undefined): boolean {
  const failed = object?.status?.conditions?.find(
    ({ reason, status }) => reason === 'RevisionFailed' && status === 'False',
  );
  return failed !== undefined && notReady(object) !== 'has not been looked at by its controller yet';
}

/** Deletes objects, whatever of them is there, and waits until they are gone. */
export async function deleteAll(
  api: KubernetesApi,
  objects: readonly KubernetesObject[],
  progress: Progress,
): Promise<void> {
  for (const object of objects) {
    const path = await objectPath(api, object);
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background' };
    await unless(404, api.send('DELETE', path, { body }));
    await waitFor(
      `deleting ${titleOf(object)}`,
      async () => ((await read(api, path)) ? { missing: 'it is there still' } : { found: true }),
      { progress, timeoutMs: 120_000 },
    );
  }
}
