import type { Injection } from '../../function/review/injection.ts';
import { deleteAndWait } from '../kubernetes/delete.ts';
import { type KubernetesObject, titleOf } from '../kubernetes/object.ts';
import { TimeoutError } from '../kubernetes/wait.ts';
import { commandLine } from '../terminal/command-line.ts';
import { ok, unknown, warning } from '../terminal/finding.ts';
import { warnOfApplier } from './applied-by.ts';
import { callerTokensSecret } from './caller-tokens.ts';
import { Changes } from './changes.ts';
import { dryRunInjections } from './dry-run.ts';
import { listInstalled } from './inventory.ts';
import { isAlwaysWarm, readService, waitForZero } from './knative-service.ts';
import { type Given, plan } from './plan.ts';
import type { Reach } from './reach.ts';
import { readRegistered, register, webhookConfigurations } from './registration.ts';
import { wantedInjections } from './render.ts';
import { endRotation } from './rotation.ts';
import { reach } from './route.ts';
import type { Target } from './target.ts';
import { waitForInjection } from './verification.ts';
import { entriesOf } from './webhook-configuration.ts';
import { goBack, withdrawOutdated } from './withdrawal.ts';

/** What to install, the ways to reach it, and how that is verified. */
export interface InstallOptions extends Given {
  /** Tried one after the other. */
  ways: readonly Reach[];
  /** The namespace of the Pods that verify it, but for injections that do not apply there. */
  probeNamespace: string;
  /** Whether it is verified from zero, too: some two minutes, in which the function scales down. */
  cold: boolean;
}

/**
 * Installs the webhook, or changes what is installed: has the API server judge the injections, withdraws the webhooks
 * entries that the changed function will not serve, applies it and waits until it is ready, finds the way in which the API
 * server reaches it, registers the webhook, verifies it with Pods on a dry run, and deletes what an earlier installation had
 * and this one has not, a former caller's token included. Throws where the API server refuses an injection, does not reach
 * the function, or where a Pod does not come back injected; what was there is as it was then.
 */
export async function install(target: Target, options: InstallOptions): Promise<void> {
  const { api, installation } = target;
  const planned = await plan(api, installation, options);
  await warnOfApplier(target);
  const { injections } = await wantedInjections(planned);
  await judge(target, injections, options);
  const changes = new Changes(api);
  const verification = await undoneUnlessVerified(target, changes, injections);
  await withdrawOutdated(target, changes, injections);
  const { webhook, objects } = await reach(target, planned, { ...options, changes });
  await changes.make(webhook, () => register(api, webhook, target));
  const names = entriesOf(webhook).map(({ name }) => name);
  target.report('Webhook', ok(`${titleOf(webhook)}, entries: ${names.join(', ')}`));
  await verify(target, injections, options, verification);
  if (planned.rotation) await endRotation(target, planned.rotation, { ...options, webhook, changes });
  await deleteStale(target, objects);
}

/** Throws what the API server says of each injection that it refuses, before anything is changed. */
async function judge(
  { api, report }: Target,
  injections: readonly Injection[],
  { probeNamespace }: InstallOptions,
): Promise<void> {
  const { refusals, untried } = await dryRunInjections(api, injections, probeNamespace);
  for (const { injection, reason } of untried) report('Injections', unknown(`${injection}: not tried: ${reason}`));
  if (refusals.length === 0) return;
  const lines = refusals.map(
    ({ injection, namespace, message }) => `injection ${injection}: refused in namespace ${namespace}: ${message}`,
  );
  throw new Error(`\nThe API server refuses what would be injected; nothing was changed:\n${lines.join('\n')}`);
}

interface Verification {
  isDone: boolean;
}

/**
 * Goes back to what was there before, at the end, unless the result was verified; also where it is interrupted. Of a
 * function that no webhook configuration called before, only the one that does goes: the doctor says what is wrong with
 * the rest, which does no harm. A Secret of callers' tokens stays: it has the former one, and calls with the next one may be
 * under way; the next deploy goes on with that.
 */
async function undoneUnlessVerified(
  target: Target,
  changes: Changes,
  injections: readonly Injection[],
): Promise<Verification> {
  const { api, installation, cleanup, report } = target;
  const before = await readRegistered(api, installation);
  const wasRegistered = before !== undefined;
  const verification = { isDone: false };
  cleanup.defer(async () => {
    if (verification.isDone) return;
    const isMeant = (path: string) =>
      path.startsWith(webhookConfigurations) ||
      (wasRegistered && !path.endsWith(`/secrets/${callerTokensSecret.name}`));
    const undone = await goBack(target, changes, { before, injections, isMeant });
    if (undone.length > 0) {
      const fix = `${commandLine('deploy')} once the cause is fixed`;
      report('Rolled back', warning(`as before: ${undone.join(', ')}`, fix));
    }
    if (wasRegistered || !(await readService(api, installation))) return;
    const fix = `${commandLine('doctor')} says what is broken; ${commandLine('undeploy')} takes it away`;
    report('Function', warning('stays, but nothing calls it', fix));
  });
  return verification;
}

/** Deletes what an earlier installation had and this one has not; ConfigMaps stay, since an older revision may mount them. */
async function deleteStale(
  { api, installation, progress, report }: Target,
  applied: readonly KubernetesObject[],
): Promise<void> {
  const current = new Set(applied.map(keyOf));
  const installed = await listInstalled(api, installation);
  const stale = installed.filter((object) => object.kind !== 'ConfigMap' && !current.has(keyOf(object)));
  for (const object of stale) await deleteAndWait(api, object, progress);
  if (stale.length > 0) report('Removed', ok(stale.map(titleOf).join(', ')));
}

/** By group, not by version: the API server lists an object in the version it was asked for. */
function keyOf({ apiVersion, kind, metadata: { name, namespace = '' } }: KubernetesObject): string {
  return [apiVersion.split('/').at(-2) ?? '', kind, namespace, name].join(' ');
}

/** Verifies that Pods come back injected, by a function that runs and then, unless one always does, from zero. Throws where they do not. */
async function verify(
  target: Target,
  injections: readonly Injection[],
  { probeNamespace, cold }: InstallOptions,
  verification: Verification,
): Promise<void> {
  const { api, installation, progress, report } = target;
  const isTried = await verifyOnce(target, injections, { probeNamespace, how: 'warm' });
  verification.isDone = true;
  if (!isTried || !cold || isAlwaysWarm(await readService(api, installation))) return;
  try {
    await waitForZero(api, installation, progress);
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
    report('Verification', unknown(`not from zero, since the function is busy: ${error.missing}`));
    return;
  }
  verification.isDone = false;
  await verifyOnce(target, injections, { probeNamespace, how: 'from zero' });
  verification.isDone = true;
}

/** Whether there was a Pod to verify it with. Throws where that did not come back injected. */
async function verifyOnce(
  { api, installation, progress, report }: Target,
  injections: readonly Injection[],
  { probeNamespace, how }: { probeNamespace: string; how: string },
): Promise<boolean> {
  try {
    const verified = await waitForInjection({ api, installation, probeNamespace }, injections, progress);
    const finding =
      'ms' in verified
        ? ok(`${how}: a dry-run Pod came back injected in ${(verified.ms / 1000).toFixed(2)} s`)
        : unknown(`${how}: not tried: ${verified.untried}`);
    report('Verification', finding);
    return 'ms' in verified;
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
    throw new Error(`not verified, ${how}: ${error.missing}`, { cause: error });
  }
}
