import type { V1LabelSelector, V1LabelSelectorRequirement, V1Pod } from '@kubernetes/client-node';
import type { Injection } from '../../function/review/injection.ts';
import { selectsLabels, selectsName } from '../../function/review/selector.ts';
import type { KubernetesApi } from '../kubernetes/client.ts';
import { list } from '../kubernetes/read.ts';
import type { Registered } from './checks/connection/webhook.ts';
import { labelsOf, type Namespaces } from './namespaces.ts';
import { asksForLabels, asksInNamespace } from './pod-rules.ts';

/** The Pods that run or are to run, that the API server asks about, and that an injection selects. */
export async function readSelectedPods(
  api: KubernetesApi,
  { entries }: Registered,
  injections: readonly Injection[],
  namespaces: Namespaces,
): Promise<V1Pod[]> {
  const queries = new Set(injections.map(({ selector }) => queryOf(selector)));
  const pods = new Map<string, V1Pod>();
  for (const query of queries) {
    const matching = await list<V1Pod>(api, `/api/v1/pods?labelSelector=${encodeURIComponent(query)}`);
    for (const pod of matching) pods.set(pod.metadata?.uid ?? '', pod);
  }
  return [...pods.values()].filter((pod) => {
    const { labels = {}, namespace = '' } = pod.metadata ?? {};
    const isAsked = entries.some(
      (entry) => asksForLabels(entry, labels) && asksInNamespace(entry, labelsOf(namespaces, namespace)),
    );
    return isAsked && !isOver(pod) && injections.some((injection) => selects(injection, pod));
  });
}

/** Whether an injection is for a Pod. */
export function selects({ selector, namespaces }: Injection, { metadata = {} }: V1Pod): boolean {
  return selectsName(namespaces, metadata.namespace ?? '') && selectsLabels(selector, metadata.labels ?? {});
}

function isOver({ metadata, status }: V1Pod): boolean {
  return metadata?.deletionTimestamp !== undefined || ['Succeeded', 'Failed'].includes(status?.phase ?? '');
}

/** A selector as the API takes it in a query: `a=b,c in (d,e),!f`. */
function queryOf({ matchLabels = {}, matchExpressions = [] }: V1LabelSelector): string {
  const labels = Object.entries(matchLabels).map((pair) => pair.join('='));
  return [...labels, ...matchExpressions.map(expression)].join(',');
}

function expression({ key, operator, values = [] }: V1LabelSelectorRequirement): string {
  if (operator === 'Exists') return key;
  return operator === 'DoesNotExist' ? `!${key}` : `${key} ${operator.toLowerCase()} (${values.join(',')})`;
}
