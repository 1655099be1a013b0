import type { V1LabelSelector } from '@kubernetes/client-node';
import { isOver } from '../doctor/checks/pods/selected-pods.ts';
import type { KubernetesApi } from '../kubernetes/client.ts';
import { objectPath } from '../kubernetes/discovery.ts';
import { labelQuery } from '../kubernetes/label-query.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { list, read } from '../kubernetes/read.ts';
import { podOf } from '../kubernetes/workload.ts';
import type { Subject } from './subject.ts';

/** The kinds that a target may name, by kubectl's names for them. */
const kinds: ReadonlyMap<string, readonly [apiVersion: string, kind: string]> = new Map(
  (
    [
      ['pod pods po', 'v1', 'Pod'],
      ['deployment deployments deploy', 'apps/v1', 'Deployment'],
      ['statefulset statefulsets sts', 'apps/v1', 'StatefulSet'],
      ['daemonset daemonsets ds', 'apps/v1', 'DaemonSet'],
      ['replicaset replicasets rs', 'apps/v1', 'ReplicaSet'],
      ['replicationcontroller replicationcontrollers rc', 'v1', 'ReplicationController'],
      ['job jobs', 'batch/v1', 'Job'],
      ['cronjob cronjobs cj', 'batch/v1', 'CronJob'],
    ] as const
  ).flatMap(([names, apiVersion, kind]) => names.split(' ').map((name) => [name, [apiVersion, kind]] as const)),
);

/** The object that `TYPE/NAME` means; undefined where it means none. */
export function parseTarget(text: string): Pick<KubernetesObject, 'apiVersion' | 'kind' | 'metadata'> | undefined {
  const [type = '', name, ...rest] = text.split('/');
  const [word = '', ...group] = type.toLowerCase().split('.');
  const [apiVersion, kind] = kinds.get(word) ?? [];
  if (!apiVersion || !kind || !name || rest.length > 0 || !isOf(apiVersion, group)) return undefined;
  return { apiVersion, kind, metadata: { name } };
}

/** Whether kubectl would name an apiVersion by these parts: `deployment.apps`, `deployment.v1.apps`. */
function isOf(apiVersion: string, group: readonly string[]): boolean {
  const [name, version] = apiVersion.split('/');
  return group.length === 0 || [name, `${version}.${name}`].includes(group.join('.'));
}

/**
 * The Pods of an object; of a workload without any, the Pod that it would make. Throws where there is no such object.
 */
export async function subjectsOf(
  api: KubernetesApi,
  target: Pick<KubernetesObject, 'apiVersion' | 'kind' | 'metadata'>,
): Promise<Subject[]> {
  const object = await read(api, await objectPath(api, target as KubernetesObject));
  const { kind, metadata } = target;
  if (!object) throw new Error(`${kind} ${metadata.name} not found in ${metadata.namespace}`);
  if (kind === 'Pod') return [await subjectOf(api, object as Subject['pod'])];
  const made = current(await podsBelow(api, object));
  if (made.length > 0) return subjectsFrom(api, made, object);
  const pod = podOf(object);
  return pod ? [{ pod: pod as Subject['pod'], owners: [object], isThere: false }] : [];
}

/** The Pods of a namespace that a label selector, as kubectl's `-l` takes it, selects. */
export async function subjectsBy(api: KubernetesApi, namespace: string, query: string): Promise<Subject[]> {
  const path = `/api/v1/namespaces/${namespace}/pods?labelSelector=${encodeURIComponent(query)}`;
  const pods = await list<Subject['pod']>(api, path);
  return subjectsFrom(api, current(pods));
}

/** One after the other: Pods may be many, and an API server has others to answer. */
async function subjectsFrom(
  api: KubernetesApi,
  pods: readonly Subject['pod'][],
  workload?: KubernetesObject,
): Promise<Subject[]> {
  const subjects: Subject[] = [];
  for (const pod of pods) subjects.push(await subjectOf(api, pod, workload));
  return subjects;
}

/** The Pods that run or are to run, or where there is none, those that have ended: a Job's may have ended for want of a file. */
function current(pods: readonly Subject['pod'][]): readonly Subject['pod'][] {
  const alive = pods.filter((pod) => !isOver(pod));
  return alive.length > 0 ? alive : pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

async function subjectOf(api: KubernetesApi, pod: Subject['pod'], workload?: KubernetesObject): Promise<Subject> {
  const owners = await ownersOf(api, pod);
  const isKnown = !workload || owners.some(({ metadata }) => metadata.uid === workload.metadata.uid);
  return { pod, owners: isKnown ? owners : [...owners, workload], isThere: true };
}

async function ownersOf(api: KubernetesApi, object: KubernetesObject): Promise<KubernetesObject[]> {
  const reference = referencesOf(object).find(({ controller }) => controller);
  if (!reference || ![...kinds.values()].some(([, kind]) => kind === reference.kind)) return [];
  const { apiVersion, kind, name } = reference;
  const { namespace } = object.metadata;
  const owner = await read(
    api,
    await objectPath(api, { apiVersion, kind, metadata: { name, namespace: `${namespace}` } }),
  );
  return owner ? [owner, ...(await ownersOf(api, owner))] : [];
}

function referencesOf({ metadata }: KubernetesObject): OwnerReference[] {
  return (metadata.ownerReferences ?? []) as OwnerReference[];
}

interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  controller?: boolean;
}

/** The Pods that a workload has made: a CronJob by its Jobs, others by their selector. */
async function podsBelow(api: KubernetesApi, { kind, metadata, spec }: KubernetesObject): Promise<Subject['pod'][]> {
  const pods = `/api/v1/namespaces/${metadata.namespace}/pods`;
  if (kind === 'CronJob') {
    const jobs = (await list(api, `/apis/batch/v1/namespaces/${metadata.namespace}/jobs`)).filter((job) =>
      referencesOf(job).some((owner) => owner.kind === kind && owner.name === metadata.name),
    );
    const made: Subject['pod'][] = [];
    for (const job of jobs) made.push(...(await podsBelow(api, job)));
    return made;
  }
  const { selector = {} } = spec as { selector?: V1LabelSelector | Record<string, string> };
  const query = labelQuery(
    kind === 'ReplicationController' ? { matchLabels: selector as Record<string, string> } : selector,
  );
  return query === '' ? [] : list<Subject['pod']>(api, `${pods}?labelSelector=${encodeURIComponent(query)}`);
}
