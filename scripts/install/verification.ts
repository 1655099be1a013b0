import type { V1Namespace } from '@kubernetes/client-node';
import { hasAll } from '../../function/review/container.ts';
import type { Injection } from '../../function/review/injection.ts';
import { selectsLabels, selectsName } from '../../function/review/selector.ts';
import type { KubernetesApi } from '../kubernetes/client.ts';
import { list } from '../kubernetes/read.ts';
import { waitFor } from '../kubernetes/wait.ts';
import { UsageError } from '../terminal/exit-status.ts';
import type { Progress } from '../terminal/progress.ts';
import { isForNamespace } from './namespaces.ts';
import { dryRun, labelsFor, type Pod, probePod } from './probe-pod.ts';

/**
 * How long the creation of the first Pod took, where all came back injected; otherwise, in the API server's words where it
 * has some, why not; or why there is no namespace for a Pod yet.
 */
export type Verified = { ms: number } | { failure: string } | { untried: string };

/**
 * Verifies that Pods come back injected: creates, on dry runs, one for each injection that applies in a namespace; of those
 * with a namespaceSelector, in any namespace that it selects. Throws a UsageError where none does, and a namespace could.
 */
export async function verifyInjections(
  api: KubernetesApi,
  namespace: string,
  injections: readonly Injection[],
): Promise<Verified> {
  const labelled = injections.filter(({ namespaceSelector }) => namespaceSelector);
  const all = labelled.length > 0 ? await list<V1Namespace>(api, '/api/v1/namespaces') : [];
  const namespaces = all.map(({ metadata }) => ({ name: metadata?.name ?? '', labels: metadata?.labels ?? {} }));
  const given = namespaces.find(({ name }) => name === namespace) ?? { name: namespace, labels: {} };
  const results: Verified[] = [];
  for (const injection of injections) {
    const candidates = labelled.includes(injection) ? [given, ...namespaces] : [given];
    const place = candidates.find((one) => appliesIn(injection, one));
    if (place) results.push(await verifyOne(api, place.name, injection));
  }
  const [first] = results;
  if (!first && labelled[0])
    return { untried: `no namespace has the labels that injection ${labelled[0].name} selects` };
  if (!first) throw new UsageError(`no injection applies to a Pod in namespace ${namespace}: give --probe-namespace`);
  return results.find((result) => 'failure' in result) ?? first;
}

/**
 * The same, until Pods come back injected, for 15 s at most: it takes each API server a moment to use a new webhook
 * configuration. Throws a TimeoutError with what is wrong.
 */
export function waitForInjection(
  api: KubernetesApi,
  namespace: string,
  { injections, progress }: { injections: readonly Injection[]; progress: Progress },
): Promise<Exclude<Verified, { failure: string }>> {
  const look = async () => {
    const verified = await verifyInjections(api, namespace, injections);
    return 'failure' in verified ? { missing: verified.failure } : { found: verified };
  };
  return waitFor('waiting for an injected Pod', look, { progress, timeoutMs: 15_000 });
}

/** Whether a Pod has all of an injection in each container that the injection chooses. */
export function isInjected(pod: Pod, injection: Injection): boolean {
  const containers = pod.spec?.containers.filter(({ name }) => selectsName(injection.containers, name)) ?? [];
  return containers.length > 0 && containers.every((container) => hasAll(container, injection));
}

/** Whether an injection applies to some Pod of a namespace whose labels can be found. */
function appliesIn(injection: Injection, namespace: Parameters<typeof isForNamespace>[1]): boolean {
  const { selector } = injection;
  return isForNamespace(injection, namespace) && selectsLabels(selector, labelsFor(selector));
}

async function verifyOne(api: KubernetesApi, namespace: string, injection: Injection): Promise<Verified> {
  const started = performance.now();
  try {
    const { object, warnings } = await dryRun(api, namespace, probePod(labelsFor(injection.selector), injection));
    if (isInjected(object, injection)) return { ms: performance.now() - started };
    const why = warnings.join('; ') || 'the API server did not call the webhook, or could not reach it';
    return { failure: `a Pod for injection ${injection.name} came back without its files or variables: ${why}` };
  } catch (error) {
    return { failure: (error as Error).message };
  }
}
