import { isChanged } from '../../function/copies/copy.ts';
import type { KubernetesApi } from '../kubernetes/client.ts';
import { deleteAndWait } from '../kubernetes/delete.ts';
import { type KubernetesObject, titleOf } from '../kubernetes/object.ts';
import type { Progress } from '../terminal/progress.ts';
import { readCallerTokensSecret } from './caller-tokens.ts';
import { type Copy, listCopies, podsWith } from './copies.ts';
import { type Installation, isOurs } from './installation.ts';
import { listCertificates, listForeign, listInstalled, listOrphanedSecrets } from './inventory.ts';
import { readService } from './knative-service.ts';

/** An object that was deleted, or was kept, and then why, in words that follow its name. */
export interface Removed {
  object: KubernetesObject;
  kept?: string;
}

interface RemoveOptions {
  /** Whether copies that Pods take files from are deleted, too. */
  usedCopies: boolean;
  progress: Progress;
}

/**
 * Deletes an installation, and yields what became of each object: its webhook first, so that no Pod waits for a function
 * that is being deleted; the copies once the function is gone, since until then a Pod that is created has it make another;
 * the namespace last.
 */
export async function* remove(
  api: KubernetesApi,
  installation: Installation,
  { usedCopies, progress }: RemoveOptions,
): AsyncGenerator<Removed, void> {
  const removeUnless = async (object: KubernetesObject, reasonToKeep?: string): Promise<Removed> => {
    if (reasonToKeep !== undefined) return { object, kept: reasonToKeep };
    await deleteAndWait(api, object, progress);
    return { object };
  };
  const installed = await listInstalled(api, installation);
  const certificates = await listCertificates(api, installation);
  const unlabelled = await unlabelledFunction(api, installation);
  const isCalled = installed.some((object) => isWebhook(object, installation));
  for (const object of installed.filter(({ kind }) => kind !== 'Namespace')) yield await removeUnless(object);
  for (const object of unlabelled)
    yield await removeUnless(object, isCalled ? undefined : 'which no webhook of ours calls');
  for (const copy of await listCopies(api, installation))
    yield await removeUnless(copy, await reasonToKeepCopy(api, copy, usedCopies));
  for (const secret of await listOrphanedSecrets(api, installation, certificates)) yield await removeUnless(secret);
  const callerTokens = await readCallerTokensSecret(api, installation);
  // One that a person made has no labels; beside nothing of this installation it is another's.
  if (callerTokens && (isOurs(callerTokens, installation) || installed.length > 0))
    yield await removeUnless(callerTokens);
  const deleted = new Set(installed.map(({ metadata }) => metadata.uid));
  for (const namespace of installed.filter(({ kind }) => kind === 'Namespace'))
    yield await removeUnless(namespace, await reasonToKeepNamespace(api, installation, deleted));
}

async function reasonToKeepCopy(api: KubernetesApi, copy: Copy, usedCopies: boolean): Promise<string | undefined> {
  if (isChanged(copy)) return 'changed by somebody since it was copied';
  const pods = usedCopies ? [] : await podsWith(api, copy);
  return pods.length > 0 ? `used by ${pods.join(', ')} (--all-copies)` : undefined;
}

async function reasonToKeepNamespace(
  api: KubernetesApi,
  installation: Installation,
  deleted: ReadonlySet<unknown>,
): Promise<string | undefined> {
  const foreign = await listForeign(api, installation, deleted);
  return foreign.length > 0 ? `which holds ${foreign.map(titleOf).join(', ')}` : undefined;
}

/** What is left of an installation, but for what was kept. */
export async function listLeft(
  api: KubernetesApi,
  installation: Installation,
  kept: readonly KubernetesObject[],
): Promise<KubernetesObject[]> {
  const known = new Set(kept.map(({ metadata }) => metadata.uid));
  const left = [...(await listInstalled(api, installation)), ...(await listCopies(api, installation))];
  return left.filter(({ metadata }) => !known.has(metadata.uid));
}

/** The function where func or kn has made it, without our labels: under its name it may be somebody else's. */
async function unlabelledFunction(api: KubernetesApi, installation: Installation): Promise<KubernetesObject[]> {
  const service = await readService(api, installation);
  return service && !isOurs(service, installation) ? [service as unknown as KubernetesObject] : [];
}

/** Whether an object is the installation's webhook, and not that of a probe. */
function isWebhook({ kind, metadata }: KubernetesObject, { name }: Installation): boolean {
  return kind === 'MutatingWebhookConfiguration' && metadata.name === name;
}
