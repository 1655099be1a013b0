import type { V1Pod } from '@kubernetes/client-node';
import { isForNamespace, type Namespace } from '../../function/copies/namespaces.ts';
import { inject } from '../../function/review/inject.ts';
import { type Injection, optOutAnnotation } from '../../function/review/injection.ts';
import { ApiError, type KubernetesApi } from '../kubernetes/client.ts';
import { readNamespaces } from './cluster-namespaces.ts';
import { dryRun, probePod } from './probe-pod.ts';

/** An injection that the API server refuses in a namespace, in its own words. */
export interface Refusal {
  injection: string;
  namespace: string;
  message: string;
}

/** What the API server makes of injections. */
export interface Judgement {
  refusals: Refusal[];
  /** The injections for which there is no namespace in which it takes a Pod at all, and why the last one was none. */
  untried: { injection: string; reason: string }[];
}

/**
 * Has the API server judge injections before anything goes live: on a server-side dry run, by strict field validation, it
 * creates a Pod that holds all that an injection adds, without the webhook's own doing. In a namespace that the injection
 * is for, one for each Pod Security Standard that such namespaces enforce; `fallback` where there is none.
 */
export async function dryRunInjections(
  api: KubernetesApi,
  injections: readonly Injection[],
  fallback: string,
): Promise<Judgement> {
  const namespaces = await readNamespaces(api);
  const judgement: Judgement = { refusals: [], untried: [] };
  for (const injection of injections) {
    for (const candidates of candidatesFor(injection, namespaces, fallback)) {
      const tried = await tryIn(api, injection, candidates);
      if ('reason' in tried) judgement.untried.push({ injection: injection.name, reason: tried.reason });
      else if (tried.message !== undefined) {
        judgement.refusals.push({ injection: injection.name, namespace: tried.namespace, message: tried.message });
      }
    }
  }
  return judgement;
}

/** The namespaces that an injection is for, as lists of alternatives: one for each Pod Security Standard that is enforced. */
function candidatesFor(injection: Injection, all: readonly Namespace[], fallback: string): string[][] {
  const byStandard = new Map<string, string[]>();
  for (const namespace of all) {
    if (!isForNamespace(injection, namespace)) continue;
    const { name, labels } = namespace;
    const standard = labels['pod-security.kubernetes.io/enforce'] ?? 'privileged';
    byStandard.set(standard, [...(byStandard.get(standard) ?? []), name]);
  }
  return byStandard.size > 0 ? [...byStandard.values()] : [[fallback]];
}

/** The first of these namespaces in which a Pod without the injection is taken, and what the API server says of one with it. */
async function tryIn(
  api: KubernetesApi,
  injection: Injection,
  candidates: readonly string[],
): Promise<{ namespace: string; message: string | undefined } | { reason: string }> {
  const bare = optedOut(probePod({}, injection));
  const { pod } = inject(bare, [injection]);
  let reason = '';
  for (const namespace of candidates.slice(0, 5)) {
    const refused = await refusalOf(api, namespace, bare);
    if (refused === undefined) return { namespace, message: await refusalOf(api, namespace, pod) };
    reason = `no Pod is taken in namespace ${namespace}: ${refused}`;
  }
  return { reason };
}

function optedOut(pod: V1Pod): V1Pod {
  return { ...pod, metadata: { ...pod.metadata, annotations: { [optOutAnnotation]: 'false' } } };
}

async function refusalOf(api: KubernetesApi, namespace: string, pod: V1Pod): Promise<string | undefined> {
  try {
    await dryRun(api, namespace, pod, { isStrict: true });
    return undefined;
  } catch (error) {
    if (error instanceof ApiError) return error.message;
    throw error;
  }
}
