import type { KubernetesApi } from '../kubernetes/client.ts';
import { type KubernetesObject, titleOf } from '../kubernetes/object.ts';
import { certificatesOf, secretsLeft } from './certificate-secrets.ts';
import { isChanged, listCopies, podsWith } from './copies.ts';
import { type Installation, isOurs } from './installation.ts';
import { inventory } from './inventory.ts';
import { readService } from './knative-service.ts';
import { occupantsOf } from './occupants.ts';

/** An object that is not deleted, and why, in words that follow its name. */
export interface Kept {
  object: KubernetesObject;
  reason: string;
}

/** How objects are taken away: `remove` waits until one is gone; `usedCopies` are, too, which Pods take files from. */
interface Removing {
  remove: (object: KubernetesObject) => Promise<void>;
  usedCopies: boolean;
}

/**
 * Takes an installation out of a cluster: its webhook first, so that no Pod waits for a function that is going; the copies
 * once the function is gone, since until then a Pod that is created has it make another; the namespace last.
 */
export async function removeInstallation(
  api: KubernetesApi,
  installation: Installation,
  { remove, usedCopies }: Removing,
): Promise<Kept[]> {
  const objects = await inventory(api, installation);
  const certificates = await certificatesOf(api, installation);
  const unlabelled = await unlabelledFunction(api, installation);
  const isCalled = objects.some((object) => isWebhook(object, installation));
  const own = objects.filter(({ kind }) => kind !== 'Namespace');
  for (const object of [...own, ...(isCalled ? unlabelled : [])]) await remove(object);
  const strange = isCalled ? [] : unlabelled.map((object) => ({ object, reason: 'which no webhook of ours calls' }));
  const copies = await removeUnlessKept(await listCopies(api, installation), remove, async (copy) => {
    if (isChanged(copy)) return 'changed by somebody since it was copied';
    const pods = usedCopies ? [] : await podsWith(api, copy);
    return pods.length > 0 ? `used by ${pods.join(', ')} (--all-copies)` : undefined;
  });
  for (const secret of await secretsLeft(api, installation, certificates)) await remove(secret);
  const gone = new Set(objects.map(({ metadata }) => metadata.uid));
  const namespaces = objects.filter(({ kind }) => kind === 'Namespace');
  const occupied = await removeUnlessKept(namespaces, remove, async () => {
    const occupants = await occupantsOf(api, installation, gone);
    return occupants.length > 0 ? `which holds ${occupants.map(titleOf).join(', ')}` : undefined;
  });
  return [...strange, ...copies, ...occupied];
}

/** What is there of an installation, but for what was kept. */
export async function leftOf(
  api: KubernetesApi,
  installation: Installation,
  kept: readonly Kept[],
): Promise<KubernetesObject[]> {
  const known = new Set(kept.map(({ object }) => object.metadata.uid));
  const there = [...(await inventory(api, installation)), ...(await listCopies(api, installation))];
  return there.filter(({ metadata }) => !known.has(metadata.uid));
}

async function removeUnlessKept<T extends KubernetesObject>(
  objects: readonly T[],
  remove: Removing['remove'],
  reasonToKeep: (object: T) => Promise<string | undefined>,
): Promise<Kept[]> {
  const kept: Kept[] = [];
  for (const object of objects) {
    const reason = await reasonToKeep(object);
    if (reason === undefined) await remove(object);
    else kept.push({ object, reason });
  }
  return kept;
}

/** The function where func or kn has made it, without our labels: under its name it may be a stranger's, too. */
async function unlabelledFunction(api: KubernetesApi, installation: Installation): Promise<KubernetesObject[]> {
  const service = await readService(api, installation);
  return service && !isOurs(service, installation) ? [service as unknown as KubernetesObject] : [];
}

/** Whether an object is the installation's webhook, and not that of a probe. */
function isWebhook({ kind, metadata }: KubernetesObject, { name }: Installation): boolean {
  return kind === 'MutatingWebhookConfiguration' && metadata.name === name;
}
