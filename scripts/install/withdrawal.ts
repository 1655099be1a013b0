import { isDeepStrictEqual } from 'node:util';
import type { V1LabelSelector, V1MutatingWebhook, V1MutatingWebhookConfiguration } from '@kubernetes/client-node';
import type { Injection } from '../../function/review/injection.ts';
import { callNames } from '../../function/review/namespaces.ts';
import type { KubernetesApi } from '../kubernetes/client.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { waitForReady } from '../kubernetes/ready.ts';
import { ok } from '../terminal/finding.ts';
import type { Changes } from './changes.ts';
import { callNameOf, nameLabel, type Selecting } from './entries.ts';
import { fieldManager } from './installation.ts';
import { readRegistered, webhookConfigurations } from './registration.ts';
import { functionOf } from './route.ts';
import type { Target } from './target.ts';

/**
 * The webhooks entries that must be gone before a function with these injections serves: it would answer 404 to those that
 * call for an injection it does not have, and inject where nobody wants it for those that call from other namespaces.
 */
export function outdatedEntries(
  entries: readonly V1MutatingWebhook[],
  injections: readonly Selecting[],
): V1MutatingWebhook[] {
  const names = callNames(injections);
  return entries.filter(({ clientConfig, namespaceSelector }) => {
    const called = callNameOf(clientConfig, names);
    if (called === undefined) return false;
    const injection = injections.find(({ name }) => name === called);
    return (
      !injection?.namespaceSelector ||
      !isDeepStrictEqual(labelsOf(namespaceSelector), labelsOf(injection.namespaceSelector))
    );
  });
}

/** What a namespaceSelector says but for names: those are the platform's, and of `namespaces`, which the function knows itself. */
function labelsOf({ matchLabels = {}, matchExpressions = [] }: V1LabelSelector = {}): object {
  return { matchLabels, matchExpressions: matchExpressions.filter(({ key }) => key !== nameLabel) };
}

/**
 * Withdraws the webhooks entries that a function with these injections will not serve, before it is rolled out: the one of
 * now serves the others.
 */
export async function withdrawOutdated(
  { api, installation, report }: Target,
  changes: Changes,
  injections: readonly Injection[],
): Promise<void> {
  const there = await readRegistered(api, installation);
  const outdated = outdatedEntries(there?.webhooks ?? [], injections);
  if (!there || outdated.length === 0) return;
  await changes.make(there as unknown as KubernetesObject, () => putWithout(api, there, outdated));
  const names = outdated.map(({ name }) => name).join(', ');
  report('Webhook', ok(`withdrawn, since the function will not serve them: ${names}`));
}

/**
 * Undoes changes, back to the webhook configuration `before` one for a function with these injections. Where either
 * function does not serve all of the other's entries, those that both serve alone are registered in between.
 */
export async function goBack(
  { api, installation, progress }: Target,
  changes: Changes,
  { before, injections, isMeant }: Back,
): Promise<string[]> {
  const outdated = outdatedEntries(before?.webhooks ?? [], injections);
  const there = outdated.length > 0 ? await readRegistered(api, installation) : undefined;
  if (!before || !there) return changes.undo(isMeant, progress);
  // Where cainjector writes at the same moment, some calls may fail for a moment; to go back matters more.
  await putWithout(api, { ...before, metadata: there.metadata ?? {} }, outdated).catch(({ message }) =>
    progress(message),
  );
  const isWebhook = (path: string) => path.startsWith(webhookConfigurations);
  const others = await changes.undo((path) => isMeant(path) && !isWebhook(path), progress);
  const failure = await waitForReady(api, functionOf(installation), progress).then(
    () => undefined,
    (error: Error) => error,
  );
  // One that does not come back serves nothing anyway.
  if (failure) progress(failure.message);
  return [...others, ...(await changes.undo(isWebhook, progress))];
}

interface Back {
  before: V1MutatingWebhookConfiguration | undefined;
  injections: readonly Injection[];
  isMeant: (path: string) => boolean;
}

async function putWithout(
  api: KubernetesApi,
  configuration: V1MutatingWebhookConfiguration,
  entries: readonly V1MutatingWebhook[],
): Promise<void> {
  const webhooks = (configuration.webhooks ?? []).filter((entry) => !entries.includes(entry));
  const path = `${webhookConfigurations}/${configuration.metadata?.name}?fieldManager=${fieldManager}`;
  await api.send('PUT', path, { body: { ...configuration, webhooks } });
}
