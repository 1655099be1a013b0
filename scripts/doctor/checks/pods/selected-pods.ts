import type { V1Pod } from '@kubernetes/client-node';
import { isForNamespace } from '../../../../function/copies/namespaces.ts';
import type { Injection } from '../../../../function/review/injection.ts';
import { callNames } from '../../../../function/review/namespaces.ts';
import { review } from '../../../../function/review/review.ts';
import { isFor } from '../../../../function/review/selection.ts';
import { deployedAt } from '../../../install/deployed-injections.ts';
import { readEarlier } from '../../../install/earlier-injections.ts';
import { callsForLabels, callsInNamespace } from '../../../install/entry-rules.ts';
import type { KubernetesApi } from '../../../kubernetes/client.ts';
import { labelQuery } from '../../../kubernetes/label-query.ts';
import { list } from '../../../kubernetes/read.ts';
import { type Finding, ok, warning } from '../../../terminal/finding.ts';
import { check, resultOf } from '../../check.ts';
import { hasEarlierFiles, withEarlierFiles } from '../../earlier-files.ts';
import { inTheWayFindings } from '../../in-the-way.ts';
import { labelsOf, type Namespaces } from '../../namespaces.ts';
import { partition } from '../../partition.ts';
import { restartCommands } from '../../restart.ts';
import { count, podName, someOf } from '../../text.ts';
import { namespaces } from '../admission/namespaces.ts';
import { webhook } from '../connection/webhook.ts';
import { injections } from '../function/injections.ts';
import { knativeService } from '../function/knative-service.ts';

/** The Pods that run or are to run, for which the API server calls the function, and that an injection selects. */
export const selectedPods = check(
  'selected-pods',
  'Selected Pods',
  [resultOf(webhook), resultOf(injections), resultOf(knativeService), namespaces],
  async ({ api, installation }, { entries, since: registered }, all, { serving }, known) => {
    const found = (await readMatching(api, all)).filter((pod) => {
      const { labels = {}, namespace = '' } = pod.metadata ?? {};
      const isCalledFor = entries.some(
        (entry) => callsForLabels(entry, labels) && callsInNamespace(entry, labelsOf(known, namespace)),
      );
      return isCalledFor && !isOver(pod) && all.some((injection) => selects(injection, pod, known));
    });
    const since = {
      registered,
      deployed: await deployedAt(api, installation, serving),
      earlier: await readEarlier(api, installation, serving),
    };
    return { findings: podFindings(found, all, since, known), found };
  },
);

/** Which of the selected Pods have not got their files: older than the webhook, created while it did not work, or with something in the way. */
export function podFindings(
  pods: readonly V1Pod[],
  injections: readonly Injection[],
  since: Since,
  known: Namespaces = new Map(),
): Finding[] {
  if (pods.length === 0) return [ok('no Pod is selected')];
  const ownOf = (pod: V1Pod) => injections.filter((injection) => selects(injection, pod, known));
  const [former, others] = partition(pods, (pod) => hasEarlierFiles(pod, ownOf(pod), since.earlier ?? []));
  const without = others.filter((pod) => isLacking(pod, injections, known));
  const findings = [...Map.groupBy(without, (pod) => whyLacking(pod, ownOf(pod), since))]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([why, group]) => {
      const names = group.map(podName);
      return warning(`${count(group.length, 'Pod')} without files, ${why}: ${someOf(names)}`, restartCommands(group));
    });
  const all = [
    ...earlierFindings(former),
    ...findings,
    ...inTheWayFindings(pods, new Set(injections.map(({ name }) => name))),
  ];
  return all.length > 0 ? all : [ok(`${count(pods.length, 'Pod')}, none without files`)];
}

function earlierFindings(pods: readonly V1Pod[]): Finding[] {
  if (pods.length === 0) return [];
  const names = someOf(pods.map(podName));
  return [warning(`${count(pods.length, 'Pod')} ${withEarlierFiles}: ${names}`, restartCommands(pods))];
}

/** Since when Pods get their files. */
export interface Since {
  /** When the webhook was registered. */
  registered: Date;
  /** When the injections that serve were deployed; undefined where the image has them. */
  deployed?: Date | undefined;
  /** Those that served before. */
  earlier?: readonly Injection[];
}

/** Why a Pod was created without its `own` injections. When its namespace was labelled, nobody says. */
export function whyLacking(pod: V1Pod, own: readonly Injection[], { registered, deployed }: Since): string {
  if (createdAt(pod) < registered) return 'created before the webhook was registered';
  if (isOlder(pod, { registered, deployed })) return 'created before these injections were deployed';
  const isByLabels = own.some(({ namespaceSelector }) => namespaceSelector);
  const labelled = isByLabels ? ', or its namespace was labelled since' : '';
  return `created while the API server did not call the function, or could not reach it${labelled}`;
}

/** Whether a Pod is older than what would have given it its files, so that there is nothing to fix but to create it again. */
export function isOlder(pod: V1Pod, { registered, deployed = registered }: Since): boolean {
  return createdAt(pod) < registered || createdAt(pod) < deployed;
}

function createdAt({ metadata }: V1Pod): Date {
  return new Date(metadata?.creationTimestamp ?? 0);
}

/** Whether an injection is for a Pod. */
export function selects(
  injection: Injection,
  { metadata: { namespace = '', labels = {} } = {} }: V1Pod,
  known: Namespaces,
): boolean {
  const place = { name: namespace, labels: labelsOf(known, namespace) };
  return isForNamespace(injection, place) && isFor(injection, { namespace, labels });
}

async function readMatching(api: KubernetesApi, all: readonly Injection[]): Promise<V1Pod[]> {
  const pods = new Map<string, V1Pod>();
  for (const query of new Set(all.map(({ selector }) => labelQuery(selector)))) {
    const matching = await list<V1Pod>(api, `/api/v1/pods?labelSelector=${encodeURIComponent(query)}`, brief);
    for (const pod of matching) pods.set(pod.metadata?.uid ?? '', pod);
  }
  return [...pods.values()];
}

/** Of ten thousand Pods, what nobody asks for is more than half. */
function brief({ metadata, spec, status }: V1Pod): V1Pod {
  const { managedFields: _, ...rest } = metadata ?? {};
  return { metadata: rest, ...(spec && { spec }), status: { ...(status?.phase && { phase: status.phase }) } };
}

/** Whether some call would inject something, were the Pod created now: what is left alone or in conflict is no lack. */
export function isLacking(pod: V1Pod, all: readonly Injection[], known: Namespaces = new Map()): boolean {
  const { namespace = '', uid = '' } = pod.metadata ?? {};
  const request = { uid, kind: { version: 'v1', kind: 'Pod' }, operation: 'CREATE', namespace, object: pod };
  const here = all.filter((injection) =>
    isForNamespace(injection, { name: namespace, labels: labelsOf(known, namespace) }),
  );
  return [undefined, ...callNames(here)].some((name) => review(request, here, name).outcome === 'injected');
}

export function isOver({ metadata, status }: V1Pod): boolean {
  return metadata?.deletionTimestamp !== undefined || ['Succeeded', 'Failed'].includes(status?.phase ?? '');
}
