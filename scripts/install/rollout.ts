import { apply } from '../kubernetes/apply.ts';
import type { KubernetesApi } from '../kubernetes/client.ts';
import { objectPath } from '../kubernetes/discovery.ts';
import { type KubernetesObject, titleOf } from '../kubernetes/object.ts';
import { read } from '../kubernetes/read.ts';
import { waitForReady } from '../kubernetes/ready.ts';
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
  for (const object of objects.filter(isWatched)) await waitForReady(api, object, progress);
}

function isWatched({ apiVersion, kind }: KubernetesObject): boolean {
  return withStatus.has(kind) && apiVersion !== 'v1';
}

async function isLeft(api: KubernetesApi, object: KubernetesObject, installation: Installation): Promise<boolean> {
  const isSource = object.metadata.labels?.['app.kubernetes.io/component'] === 'copy-source';
  if (object.kind !== 'Namespace' && !isSource) return false;
  const there = await read(api, await objectPath(api, object));
  return there !== undefined && (isSource || !isOurs(there, installation));
}
