import type { V1Pod } from '@kubernetes/client-node';
import { ApiError, type KubernetesApi } from '../kubernetes/client.ts';
import { execute } from '../kubernetes/exec.ts';
import { readManifest } from '../kubernetes/manifest.ts';
import { type KubernetesObject, titleOf } from '../kubernetes/object.ts';
import { podRows } from '../kubernetes/pod-table.ts';
import { read } from '../kubernetes/read.ts';
import { create, createTemporarily } from '../kubernetes/temporary-object.ts';
import { waitFor } from '../kubernetes/wait.ts';
import { commandLine } from '../terminal/command-line.ts';
import { print, printError, shell } from '../terminal/output.ts';
import type { Progress } from '../terminal/progress.ts';
import { formatTable } from '../terminal/table.ts';
import { installationFor } from './demonstrable.ts';
import { defaultInstallation, optionsFor } from './installation.ts';
import { manifestPath } from './manifests.ts';

const file = '/etc/config/hello.txt';

/**
 * Creates busybox-1 and busybox-2 of manifests/demo in a namespace, waits until they run, and shows the file in the one
 * and its absence in the other. `cleanup` takes away what was made. Whether both were as they should be. Throws where the
 * cluster's injections give them no file.
 */
export async function demoOnCluster(
  api: KubernetesApi,
  { namespace, keep }: { namespace: string; keep: boolean },
  { progress, cleanup }: { progress: Progress; cleanup: AsyncDisposableStack },
): Promise<boolean> {
  const createForDemo = (object: KubernetesObject) =>
    keep ? create(api, object) : createTemporarily(api, object, { progress, cleanup });
  const manifest = readManifest(manifestPath('demo/busybox.yaml'));
  const pods = manifest.map((pod) => ({ ...pod, metadata: { ...pod.metadata, namespace } }));
  const installation = await installationFor(api, { pods, namespace, file });
  const isNew = !(await exists(api, `/api/v1/namespaces/${namespace}`));
  if (isNew) await createForDemo({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  else await refuseTaken(api, pods);
  for (const pod of pods) {
    await waitForServiceAccount(api, pod, progress);
    const { warnings } = await createForDemo(pod);
    for (const warning of warnings) print(`Warning: ${titleOf(pod)}: ${warning}`);
  }
  for (const pod of pods) await waitForRunning(api, pod, progress);
  const stored = await Promise.all(pods.map((pod) => read(api, pathOf(pod))));
  const rows = await podRows(api, pods);
  const labels = stored.map((pod) => pod?.metadata.labels?.['hello-added'] ?? '');
  print(shell`\n$ kubectl -n ${namespace} get pod -L hello-added`);
  const header = ['NAME', 'READY', 'STATUS', 'RESTARTS', 'AGE', 'HELLO-ADDED'];
  print(formatTable([header, ...rows.map((cells, index) => [...cells, labels[index] ?? ''])]));
  const [first, second] = [await showFile(api, namespace, 'busybox-1'), await showFile(api, namespace, 'busybox-2')];
  if (!first) printError(`\nbusybox-1 has no ${file}: ${doctorOf(installation)} says why`);
  if (second) printError(`\nbusybox-2 has ${file} without having asked for it`);
  if (keep)
    print(
      `\nThe Pods stay: ${isNew ? shell`kubectl delete namespace ${namespace}` : shell`kubectl -n ${namespace} delete pod busybox-1 busybox-2`}`,
    );
  return first && !second;
}

function doctorOf(installation = defaultInstallation): string {
  return commandLine('doctor', shell`${optionsFor(installation)}`);
}

function pathOf({ metadata }: KubernetesObject): string {
  return `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}`;
}

/** Whether an object is there; where one may not look, one may not create it either, and it is taken to be. */
async function exists(api: KubernetesApi, path: string): Promise<boolean> {
  try {
    return (await read(api, path)) !== undefined;
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return true;
    throw error;
  }
}

/** Throws where Pods of these names are there: they are somebody else's. */
async function refuseTaken(api: KubernetesApi, pods: readonly KubernetesObject[]): Promise<void> {
  const there = await Promise.all(pods.map((pod) => read(api, pathOf(pod))));
  const taken = there.flatMap((pod) => pod?.metadata.name ?? []);
  if (taken.length === 0) return;
  const { namespace } = pods[0]?.metadata ?? {};
  throw new Error(
    `namespace ${namespace} has ${taken.join(' and ')} already: delete what is there, or give another --namespace`,
  );
}

/** In a new namespace the ServiceAccount that a Pod needs comes a moment late. */
function waitForServiceAccount(
  api: KubernetesApi,
  { metadata: { name, namespace } }: KubernetesObject,
  progress: Progress,
): Promise<unknown> {
  return waitFor(
    `creating ${name}`,
    async () =>
      (await exists(api, `/api/v1/namespaces/${namespace}/serviceaccounts/default`))
        ? { found: true }
        : { missing: `namespace ${namespace} has no ServiceAccount default yet` },
    { progress, timeoutMs: 30_000 },
  );
}

async function waitForRunning(api: KubernetesApi, pod: KubernetesObject, progress: Progress): Promise<void> {
  await waitFor(
    `waiting for ${pod.metadata.name} to run`,
    async () => {
      const current = await read<V1Pod>(api, pathOf(pod));
      if (current?.status?.phase === 'Running') return { found: true };
      const [container] = current?.status?.containerStatuses ?? [];
      const why = container?.state?.waiting?.reason ?? current?.status?.phase;
      return {
        missing: `${why ?? 'it was not found'} (${shell`kubectl -n ${pod.metadata.namespace as string} describe pod ${pod.metadata.name}`})`,
      };
    },
    { progress, timeoutMs: 120_000 },
  );
}

/** Shows the file as a container has it; whether it has it. */
async function showFile(api: KubernetesApi, namespace: string, pod: string): Promise<boolean> {
  print(shell`\n$ kubectl -n ${namespace} exec ${pod} -- cat ${file}`);
  const { stdout, stderr, hasSucceeded } = await execute(api, { namespace, pod, container: pod }, ['cat', file]);
  print(`${stdout}${stderr}`.trimEnd());
  return hasSucceeded;
}
