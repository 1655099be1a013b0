import { isForNamespace, type Namespace } from '../../function/copies/namespaces.ts';
import { hasAll } from '../../function/review/container.ts';
import type { Injection } from '../../function/review/injection.ts';
import { selectsLabels, selectsName } from '../../function/review/selector.ts';
import type { KubernetesApi } from '../kubernetes/client.ts';
import { waitFor } from '../kubernetes/wait.ts';
import type { Progress } from '../terminal/progress.ts';
import { readNamespaces } from './cluster-namespaces.ts';
import type { Installation } from './installation.ts';
import { dryRun, labelsFor, type Pod, probePod } from './probe-pod.ts';

/**
 * How long the creation of the first Pod took, where all came back injected; otherwise, in the API server's words where it
 * has some, why not; or why there is none to create yet.
 */
export type Verified = { ms: number } | { failure: string } | { untried: string };

/** Where the webhook is, and the namespace for the Pods of the injections that apply there. */
export interface Place {
  api: KubernetesApi;
  installation: Installation;
  probeNamespace: string;
}

/**
 * Verifies that Pods come back injected: creates one for each injection on a dry run, in the namespace that is given, or,
 * where the injection does not apply there, in another one in which it does.
 */
export async function verifyInjections(place: Place, injections: readonly Injection[]): Promise<Verified> {
  return verifyIn(place.api, await namespacesFrom(place), injections);
}

/**
 * The same, until Pods come back injected, for 15 s at most: it takes each API server a moment to use a new webhook
 * configuration. Throws a TimeoutError with what is wrong.
 */
export async function waitForInjection(
  place: Place,
  injections: readonly Injection[],
  progress: Progress,
): Promise<Exclude<Verified, { failure: string }>> {
  const namespaces = await namespacesFrom(place);
  const look = async () => {
    const verified = await verifyIn(place.api, namespaces, injections);
    return 'failure' in verified ? { missing: verified.failure } : { found: verified };
  };
  return waitFor('waiting for an injected Pod', look, { progress, timeoutMs: 15_000 });
}

/** Whether a Pod has all of an injection in each container that the injection chooses. */
export function isInjected(pod: Pod, injection: Injection): boolean {
  const containers = pod.spec?.containers.filter(({ name }) => selectsName(injection.containers, name)) ?? [];
  return containers.length > 0 && containers.every((container) => hasAll(container, injection));
}

/** The namespaces for Pods, the one that is given first. */
async function namespacesFrom({ api, installation, probeNamespace }: Place): Promise<Namespace[]> {
  const all = await readNamespaces(api);
  const usable = all.filter(({ name, isBeingDeleted }) => !isBeingDeleted && name !== installation.namespace);
  const given = usable.find(({ name }) => name === probeNamespace) ?? { name: probeNamespace, labels: {} };
  return [given, ...usable.filter((one) => one !== given)];
}

/** Ends with the first that fails: each call may take as long as the timeout of the webhook. */
async function verifyIn(
  api: KubernetesApi,
  namespaces: readonly Namespace[],
  injections: readonly Injection[],
): Promise<Verified> {
  let result: Verified = { untried: 'there is no injection' };
  for (const injection of injections) {
    const names = namespaces.filter((one) => isForNamespace(injection, one)).map(({ name }) => name);
    const verified = await verifyOne(api, names, injection);
    if ('failure' in verified) return verified;
    if (!('ms' in result)) result = verified;
  }
  return result;
}

/**
 * Tries the next namespace, five at most, where one takes no Pod: that may be a policy or a quota of its own. A call that
 * failed is nobody's but ours.
 */
async function verifyOne(api: KubernetesApi, namespaces: readonly string[], injection: Injection): Promise<Verified> {
  const labels = labelsFor(injection.selector);
  if (!selectsLabels(injection.selector, labels)) {
    return { untried: `no labels were found that the selector of injection ${injection.name} selects` };
  }
  let refused: string | undefined;
  for (const namespace of namespaces.slice(0, 5)) {
    const started = performance.now();
    try {
      const { object, warnings } = await dryRun(api, namespace, probePod(labels, injection));
      if (isInjected(object, injection)) return { ms: performance.now() - started };
      const why = warnings.join('; ') || 'the API server did not call the webhook, or could not reach it';
      return { failure: `a Pod for injection ${injection.name} came back without its files or variables: ${why}` };
    } catch (error) {
      refused ??= (error as Error).message;
      if (refused.includes('failed calling webhook')) break;
    }
  }
  if (refused !== undefined) return { failure: refused };
  return { untried: `injection ${injection.name} applies in no namespace that is there` };
}
