import { hasAll } from '../../function/review/container.ts';
import type { Injection } from '../../function/review/injection.ts';
import { selectsLabels, selectsName } from '../../function/review/selector.ts';
import type { KubernetesApi } from '../kubernetes/client.ts';
import { waitFor } from '../kubernetes/wait.ts';
import { UsageError } from '../terminal/exit-status.ts';
import type { Progress } from '../terminal/progress.ts';
import { dryRun, labelsFor, type Pod, probePod } from './probe-pod.ts';

/** How long the creation of the first Pod took, where all came back injected; otherwise, in the API server's words where it has some, why not. */
export type Verified = { ms: number } | { failure: string };

/**
 * Verifies that Pods come back injected: creates, on dry runs, one for each injection that applies in a namespace.
 * Throws a UsageError where none does.
 */
export async function verifyInjections(
  api: KubernetesApi,
  namespace: string,
  injections: readonly Injection[],
): Promise<Verified> {
  const results: Verified[] = [];
  for (const injection of injections.filter((one) => appliesIn(one, namespace))) {
    results.push(await verifyOne(api, namespace, injection));
  }
  const [first] = results;
  if (!first) throw new UsageError(`no injection applies to a Pod in namespace ${namespace}: give --probe-namespace`);
  return results.find((result) => 'failure' in result) ?? first;
}

/**
 * The same, until Pods come back injected, for 15 s at most: it takes each API server a moment to use a new webhook
 * configuration. Returns how long the creation of the first took, in ms. Throws a TimeoutError with what is wrong.
 */
export function waitForInjection(
  api: KubernetesApi,
  namespace: string,
  { injections, progress }: { injections: readonly Injection[]; progress: Progress },
): Promise<number> {
  const look = async () => {
    const verified = await verifyInjections(api, namespace, injections);
    return 'ms' in verified ? { found: verified.ms } : { missing: verified.failure };
  };
  return waitFor('waiting for an injected Pod', look, { progress, timeoutMs: 15_000 });
}

/** Whether a Pod has all of an injection in each container that the injection chooses. */
export function isInjected(pod: Pod, injection: Injection): boolean {
  const containers = pod.spec?.containers.filter(({ name }) => selectsName(injection.containers, name)) ?? [];
  return containers.length > 0 && containers.every((container) => hasAll(container, injection));
}

/** Whether an injection applies to some Pod of a namespace whose labels can be found. */
function appliesIn({ selector, namespaces }: Injection, namespace: string): boolean {
  return selectsName(namespaces, namespace) && selectsLabels(selector, labelsFor(selector));
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
