import { apply } from '../kubernetes/apply.ts';
import { objectPath } from '../kubernetes/discovery.ts';
import { type KubernetesObject, titleOf } from '../kubernetes/object.ts';
import { read } from '../kubernetes/read.ts';
import { waitForReady } from '../kubernetes/ready.ts';
import type { Changes } from './changes.ts';
import { fieldManager, isOurs } from './installation.ts';
import type { Target } from './target.ts';

/** The kinds in the manifests with a condition `Ready`; a Service only where it is Knative's. */
const withReadiness = new Set(['Certificate', 'DomainMapping', 'Service']);

/**
 * Applies objects server-side, in their order, and waits until each that has a condition `Ready` is. What exists already
 * is left as it is where somebody else may have made or edited it: a namespace that is not the installation's, and the
 * ConfigMaps that the function copies, by their label. Throws with the reason of what does not become ready.
 */
export async function rollOut(
  { api, installation, progress }: Pick<Target, 'api' | 'installation' | 'progress'>,
  objects: readonly KubernetesObject[],
  changes: Changes,
): Promise<void> {
  const isLeft = async (object: KubernetesObject): Promise<boolean> => {
    const isCopySource = object.metadata.labels?.['app.kubernetes.io/component'] === 'copy-source';
    if (object.kind !== 'Namespace' && !isCopySource) return false;
    const existing = await read(api, await objectPath(api, object));
    return existing !== undefined && (isCopySource || !isOurs(existing, installation));
  };
  for (const object of objects) {
    progress(`applying: ${titleOf(object)}`);
    if (await isLeft(object)) continue;
    const applied = () => apply(api, object, { fieldManager, force: true });
    await changes.make(object, applied).catch((error) => {
      throw new Error(`${titleOf(object)}: ${(error as Error).message}`, { cause: error });
    });
  }
  progress();
  for (const object of objects.filter(hasReadiness)) await waitForReady(api, object, progress);
}

function hasReadiness({ apiVersion, kind }: KubernetesObject): boolean {
  return withReadiness.has(kind) && apiVersion !== 'v1';
}
