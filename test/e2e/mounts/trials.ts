import type { CoreV1Event, V1Container, V1ContainerState, V1Pod, V1PodSpec } from '@kubernetes/client-node';
import type { KubernetesApi } from '../../../scripts/kubernetes/client.ts';
import { list } from '../../../scripts/kubernetes/read.ts';
import { until } from '../cluster.ts';

/** A Pod that is made to see what a node does with its mounts. */
export interface Trial {
  /** As a Pod may be called. */
  name: string;
  spec: Omit<Partial<V1PodSpec>, 'containers'>;
  container: Partial<V1Container>;
  /** What has to hold in the container: shell commands, by what it means where one fails. */
  demands: Record<string, string>;
}

/** What came of a trial: `works`, what is lost, or why the container does not start. */
export type Outcome = string;

export const image = 'busybox:1.36';
/** Of a node, which by default has room for 110 Pods. */
const batchSize = 50;
/** Longer than a node takes for a batch: what has not ended by then cannot even begin, and its events say why. */
const startMs = 120_000;

/** Runs each trial's container twice, as it is when it fails and is started again; the outcomes by the trials' names. */
export async function runTrials(
  api: KubernetesApi,
  namespace: string,
  trials: readonly Trial[],
): Promise<Map<string, Outcome>> {
  const outcomes = new Map<string, Outcome>();
  for (let start = 0; start < trials.length; start += batchSize) {
    const names = new Set<string>();
    const deadline = Date.now() + startMs;
    for (const trial of trials.slice(start, start + batchSize)) {
      await api.send('POST', `/api/v1/namespaces/${namespace}/pods`, { body: podOf(trial) });
      names.add(trial.name);
    }
    await until(`the containers of ${names.size} Pods have run`, async () => {
      for (const [name, outcome] of await outcomesIn(api, namespace, names, Date.now() > deadline)) {
        outcomes.set(name, outcome);
        names.delete(name);
      }
      return names.size === 0;
    });
  }
  return outcomes;
}

/** The outcomes that are there, of the Pods of these names, which are deleted. */
async function outcomesIn(
  api: KubernetesApi,
  namespace: string,
  names: ReadonlySet<string>,
  isLate: boolean,
): Promise<Map<string, Outcome>> {
  const path = `/api/v1/namespaces/${namespace}/pods`;
  const outcomes = new Map<string, Outcome>();
  for (const pod of await list<V1Pod>(api, path)) {
    const name = pod.metadata?.name ?? '';
    if (!names.has(name)) continue;
    const outcome = (await outcomeOf(api, pod)) ?? (isLate ? await lastWarning(api, pod) : undefined);
    if (outcome === undefined) continue;
    outcomes.set(name, outcome);
    await api.send('DELETE', `${path}/${name}?gracePeriodSeconds=0`);
  }
  return outcomes;
}

function podOf({ name, spec, container, demands }: Trial): V1Pod {
  const looks = Object.entries(demands).map(([loss, holds]) => `{ ${holds}; } 2> /runs/errors || echo '${loss}'`);
  const script = [
    `{ ${['true', ...looks].join('\n')}\n} >> /runs/losses`,
    `echo ended > ${container.terminationMessagePath ?? '/dev/termination-log'}`,
    // The first run fails, and so is followed by a second, whose log has what both have seen.
    '[ -e /runs/first ] || { : > /runs/first; exit 1; }',
    'cat /runs/losses',
  ];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, annotations: { outer: 'outer', inner: 'inner' } },
    spec: {
      restartPolicy: 'OnFailure',
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      ...spec,
      volumes: [{ name: 'runs', emptyDir: {} }, ...(spec.volumes ?? [])],
      containers: [
        {
          name: 'app',
          image,
          imagePullPolicy: 'IfNotPresent',
          command: ['sh', '-c', script.join('\n')],
          ...container,
          volumeMounts: [...(container.volumeMounts ?? []), { name: 'runs', mountPath: '/runs' }],
        },
      ],
    },
  };
}

async function outcomeOf(api: KubernetesApi, { metadata, status }: V1Pod): Promise<Outcome | undefined> {
  const [app] = status?.containerStatuses ?? [];
  const failure = failureIn(app?.lastState) ?? failureIn(app?.state);
  if (failure !== undefined || status?.phase !== 'Succeeded') return failure;
  const path = `/api/v1/namespaces/${metadata?.namespace}/pods/${metadata?.name}/log?container=app`;
  const losses = new Set((await api.text(path)).split('\n').filter(Boolean));
  if (app?.state?.terminated?.message !== 'ended\n') losses.add('the termination message is lost');
  return [...losses].join(', ') || 'works';
}

const startFailures: ReadonlySet<string | undefined> = new Set([
  'CreateContainerError',
  'CreateContainerConfigError',
  'RunContainerError',
  'StartError',
]);

function failureIn(state: V1ContainerState | undefined): string | undefined {
  const { reason, message = reason } = state?.waiting ?? state?.terminated ?? {};
  return startFailures.has(reason) ? `does not start: ${errorIn(message ?? '')}` : undefined;
}

/** The kernel's words, which runtimes have in common, unlike what they say around them. */
function errorIn(message: string): string {
  const errors = ['read-only file system', 'not a directory', 'is a directory', 'operation not permitted'];
  return errors.find((error) => message.includes(error)) ?? 'another error';
}

async function lastWarning(api: KubernetesApi, { metadata }: V1Pod): Promise<Outcome> {
  const selector = encodeURIComponent(`involvedObject.name=${metadata?.name},type=Warning`);
  const path = `/api/v1/namespaces/${metadata?.namespace}/events?fieldSelector=${selector}`;
  return (await list<CoreV1Event>(api, path)).at(-1)?.message ?? 'neither ends nor says why';
}
