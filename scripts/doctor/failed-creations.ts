import type { CoreV1Event } from '@kubernetes/client-node';
import type { KubernetesApi } from '../kubernetes/client.ts';
import { objectPath } from '../kubernetes/discovery.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { list, read } from '../kubernetes/read.ts';
import { podOf } from '../kubernetes/workload.ts';
import { withoutTokens } from '../terminal/redact.ts';

/** A Pod that a controller could not create, by the latest event that says so. */
export interface FailedCreation {
  message: string;
  time: Date;
  /** What its Pod is of, still without all of its Pods: a ReplicaSet, StatefulSet, DaemonSet or Job. */
  workload: KubernetesObject;
}

/**
 * The Pods that the controllers fail to create, where `isOurs` holds of what they said last, the latest first; of very many
 * workloads the first. A controller tries again every 17 minutes at least, and an event stays for an hour.
 */
export async function failedCreations(
  api: KubernetesApi,
  isOurs: (message: string) => boolean,
  most = 50,
): Promise<FailedCreation[]> {
  const query = encodeURIComponent('reason=FailedCreate,type=Warning');
  const events = await list<CoreV1Event>(api, `/api/v1/events?fieldSelector=${query}`);
  const latest = new Map<string, CoreV1Event>();
  for (const event of events.sort(byTime)) latest.set(event.involvedObject.uid ?? '', event);
  const ours = [...latest.values()].filter(({ message = '' }) => isOurs(message));
  const failed: FailedCreation[] = [];
  for (const event of ours.sort(byTime).reverse().slice(0, most)) {
    const workload = await readWorkload(api, event);
    if (workload && isIncomplete(workload))
      failed.push({ message: withoutTokens(event.message ?? ''), time: timeOf(event), workload });
  }
  return failed;
}

function byTime(one: CoreV1Event, other: CoreV1Event): number {
  return timeOf(one).getTime() - timeOf(other).getTime();
}

function timeOf({ series, lastTimestamp, eventTime, metadata }: CoreV1Event): Date {
  return new Date(series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? 0);
}

async function readWorkload(
  api: KubernetesApi,
  { involvedObject }: CoreV1Event,
): Promise<KubernetesObject | undefined> {
  const { apiVersion = '', kind = '', namespace = '', name = '' } = involvedObject;
  const object = { apiVersion, kind, metadata: { namespace, name } };
  if (!/^(v1|(apps|batch)\/v1)$/.test(apiVersion)) return undefined;
  const found = await read(api, await objectPath(api, object));
  // One of its name that was created anew is none of what it says.
  return found && found.metadata.uid === involvedObject.uid && podOf(found) ? found : undefined;
}

interface Counts {
  replicas?: number;
  suspend?: boolean;
  desiredNumberScheduled?: number;
  currentNumberScheduled?: number;
  active?: number;
  succeeded?: number;
  failed?: number;
  terminating?: number;
}

/** Whether a workload has fewer Pods than it is to have, by what its controller says. */
export function isIncomplete({ kind, metadata, spec, status }: KubernetesObject): boolean {
  if (metadata.deletionTimestamp !== undefined) return false;
  const { replicas = 1, suspend = false } = spec as Counts;
  const now = (status ?? {}) as Counts;
  // Where its Pods are terminating, it may wait for their end before it creates others.
  if (kind === 'Job') return !suspend && !now.active && !now.terminating && !now.succeeded && !now.failed;
  if (kind === 'DaemonSet') return (now.currentNumberScheduled ?? 0) < (now.desiredNumberScheduled ?? 0);
  return (now.replicas ?? 0) < replicas;
}
