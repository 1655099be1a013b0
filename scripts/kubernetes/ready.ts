import type { Progress } from '../terminal/progress.ts';
import type { KubernetesApi } from './client.ts';
import { type Conditioned, readinessOf } from './conditions.ts';
import { objectPath } from './discovery.ts';
import { type KubernetesObject, titleOf } from './object.ts';
import { read } from './read.ts';
import { waitFor } from './wait.ts';

/** Above Knative's own deadline for a revision, 120 s in the manifests: its reason says more than ours. */
const readyMs = 180_000;

/** Waits until an object is ready. Throws with its reason once Knative has given up on it, or it takes too long. */
export async function waitForReady(api: KubernetesApi, object: KubernetesObject, progress: Progress): Promise<void> {
  const path = await objectPath(api, object);
  const title = titleOf(object);
  await waitFor(
    `waiting for ${title}`,
    async () => {
      const readiness = readinessOf(await read<Conditioned>(api, path));
      if (readiness.state === 'ready') return { found: true };
      if (readiness.state === 'failed') throw new Error(`${title} ${readiness.reason}`);
      return { missing: readiness.reason };
    },
    { progress, timeoutMs: readyMs },
  );
}
