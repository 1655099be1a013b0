import { setTimeout as delay } from 'node:timers/promises';
import { stringify } from 'yaml';
import { defaultInjections } from '../../function/injections/default-injections.ts';
import { readInjections } from '../../function/injections/load.ts';
import { manifestPath } from '../install/manifests.ts';
import { webhookConfiguration } from '../install/webhook-configuration.ts';
import type { Answer, KubernetesApi } from '../kubernetes/client.ts';
import { collectionPath } from '../kubernetes/discovery.ts';
import { readManifest } from '../kubernetes/manifest.ts';
import { type KubernetesObject, titleOf } from '../kubernetes/object.ts';
import { podRows } from '../kubernetes/pod-table.ts';
import { podOf } from '../kubernetes/workload.ts';
import { exitStatus } from '../terminal/exit-status.ts';
import { createProgress } from '../terminal/progress.ts';
import { formatTable } from '../terminal/table.ts';
import { callWebhook } from './admission-call.ts';
import { type ApiServer, prepareNamespace, startApiServer } from './api-server.ts';
import { type ControlPlane, controlPlaneAtHand, findControlPlane, waysToGetOne } from './control-plane.ts';
import { type FunctionServer, startFunction } from './function-server.ts';

const demoFiles = ['function/hello/hello-configmap.yaml', 'demo/busybox.yaml'].map(manifestPath);

const env = process.env.INJECTIONS ? { INJECTIONS: process.env.INJECTIONS } : {};
const injections = env.INJECTIONS ? readInjections(env.INJECTIONS) : defaultInjections;
const labelColumns = [...new Set(injections.flatMap(({ labels = {} }) => Object.keys(labels)))];

/** What to show: manifests instead of those of manifests/demo, and how far. */
export interface Demo {
  files?: string[] | undefined;
  /** Leaves it running until Ctrl-C. */
  keep: boolean;
  /** Whether to go on, after the function alone, with a real API server. */
  apiServer: boolean;
}

/**
 * Shows the main job: at once with the function alone, then on a real API server of its own, which may take minutes to get;
 * with the API server only where one is at hand. The exit status: 0, 1 where a Pod was refused, 3 where there was no API
 * server to be had.
 */
export async function demoHere(
  { files = demoFiles, keep, apiServer }: Demo,
  cleanup: AsyncDisposableStack,
): Promise<number> {
  const objects = files.flatMap(readManifest);
  const pods = objects.flatMap((object) => podOf(object) ?? []);
  if (pods.length === 0) throw new Error(`${files.join(', ')}: no Pod, and no workload with a Pod template`);
  const server = await startFunction(cleanup, env);
  console.log(`Function     ${server.url}`);
  const atHand = apiServer ? controlPlaneAtHand() : undefined;
  if (atHand) return await onApiServer(atHand, server, { objects, pods, keep }, cleanup);
  const status = await withFunctionAlone(server, pods);
  if (!apiServer) return status;
  console.log('\nNow the same on a real API server, which is downloaded, or else built, once …');
  const controlPlane = await findControlPlane(createProgress(), cleanup);
  if (controlPlane) return await onApiServer(controlPlane, server, { objects, pods, keep }, cleanup);
  console.log(`There is none to be had: ${waysToGetOne}.`);
  return exitStatus.incomplete;
}

/** Shows what the function makes of Pods that are sent to it the way an API server sends them; the exit status. */
async function withFunctionAlone(server: FunctionServer, pods: KubernetesObject[]): Promise<number> {
  const stored = await tellEach(pods, (pod) => callWebhook(server, pod));
  show(stored, stored.map(tableRow));
  console.log('\nThis was the function alone: the Pods went to it over HTTPS, the way an API server sends them.');
  return stored.length < pods.length ? exitStatus.failed : exitStatus.ok;
}

/** Shows what a real API server stores; the exit status. */
async function onApiServer(
  controlPlane: ControlPlane,
  server: FunctionServer,
  { objects, pods, keep }: { objects: KubernetesObject[]; pods: KubernetesObject[]; keep: boolean },
  cleanup: AsyncDisposableStack,
): Promise<number> {
  const apiServer = await startApiServer(controlPlane, cleanup);
  console.log(`API server   ${controlPlane.origin}`);
  await register(apiServer.api, server);
  console.log('Webhook      registered, and called by the API server');
  const isConfigMap = ({ apiVersion, kind }: KubernetesObject) => apiVersion === 'v1' && kind === 'ConfigMap';
  for (const configMap of objects.filter(isConfigMap)) await create(apiServer.api, configMap);
  const leftOut = objects.filter((object) => !isConfigMap(object) && !podOf(object));
  if (leftOut.length > 0)
    console.log(`Left out     ${leftOut.map(titleOf).join(', ')}: no Pod, and no template of one`);
  const stored = await tellEach(pods, (pod) => create(apiServer.api, pod));
  show(stored, await readTable(apiServer.api, stored));
  console.log(
    '\nThere is no node here to run the Pods, so they stay Pending; what is stored is what a node would run.',
  );
  if (keep) await keepRunning(apiServer);
  return stored.length < pods.length ? exitStatus.failed : exitStatus.ok;
}

/** Creates one Pod after the other, and tells what the client would be told; those that were created. */
async function tellEach(
  pods: KubernetesObject[],
  createOne: (pod: KubernetesObject) => Promise<Answer>,
): Promise<KubernetesObject[]> {
  const stored: KubernetesObject[] = [];
  for (const pod of pods) {
    try {
      const { object, warnings } = await createOne(pod);
      for (const warning of warnings) console.log(`Warning: ${warning}`);
      stored.push(object);
    } catch (error) {
      console.error(`Error: ${titleOf(pod)}: ${(error as Error).message}`);
    }
  }
  return stored;
}

/** Registers the webhook, and waits until the API server calls it: a new configuration takes a moment to be used. */
async function register(api: KubernetesApi, server: FunctionServer): Promise<void> {
  // Under Fail an error is seen; under Ignore, the default of the manifests, the Pod would pass without its file.
  const entries = [...injections, { name: 'probe', selector: { matchLabels: { probe: 'true' } } }];
  const body = webhookConfiguration({ name: 'hello-webhook', ...server }, entries, { failurePolicy: 'Fail' });
  await api.send('POST', '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations', { body });
  const probe = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { generateName: 'probe-', labels: { probe: 'true' } },
    spec: { containers: [{ name: 'probe', image: 'none' }] },
  };
  let isCalled = false;
  server
    .records(({ pod }) => pod === probe.metadata.generateName)
    .then(() => {
      isCalled = true;
    });
  while (!isCalled) {
    await api.send('POST', '/api/v1/namespaces/default/pods?dryRun=All', { body: probe });
    await delay(50);
  }
}

async function create(api: KubernetesApi, object: KubernetesObject): Promise<Answer> {
  const namespace = object.metadata.namespace ?? 'default';
  const serviceAccount = (object.spec as { serviceAccountName?: string } | undefined)?.serviceAccountName;
  await prepareNamespace(api, namespace, serviceAccount);
  const body = { ...object, metadata: { ...object.metadata, namespace } };
  return api.send('POST', await collectionPath(api, body), { body });
}

/** The API server's table of these Pods, as `kubectl get pod -L …` shows it. */
async function readTable(api: KubernetesApi, pods: KubernetesObject[]): Promise<string[][]> {
  const rows = await podRows(api, pods);
  return rows.map((cells, index) => [...namespaceCells(pods, index), ...cells, ...labelCells(pods[index])]);
}

/** The same row, of a Pod that nobody stored. */
function tableRow(pod: KubernetesObject, index: number, pods: KubernetesObject[]): string[] {
  const { containers } = pod.spec as { containers: unknown[] };
  const name = pod.metadata.name ?? `${pod.metadata.generateName}…`;
  return [...namespaceCells(pods, index), name, `0/${containers.length}`, 'Pending', '0', '0s', ...labelCells(pod)];
}

/** A cell only where the Pods are not all in the default namespace. */
function namespaceCells(pods: KubernetesObject[], index: number): string[] {
  const namespaces = pods.map(({ metadata }) => metadata.namespace ?? 'default');
  return namespaces.every((namespace) => namespace === 'default') ? [] : [namespaces[index] ?? ''];
}

function labelCells(pod: KubernetesObject | undefined): string[] {
  return labelColumns.map((key) => pod?.metadata.labels?.[key] ?? '');
}

function show(pods: KubernetesObject[], rows: string[][]): void {
  const isSpread = namespaceCells(pods, 0).length > 0;
  const labels = labelColumns.map((key) => key.toUpperCase());
  const header = [...(isSpread ? ['NAMESPACE'] : []), 'NAME', 'READY', 'STATUS', 'RESTARTS', 'AGE', ...labels];
  const apps = new Set(pods.map(({ metadata }) => metadata.labels?.app));
  const selector = apps.size === 1 && !apps.has(undefined) ? [`-l app=${[...apps][0]}`] : [];
  const options = [...(isSpread ? ['-A'] : []), ...selector, ...labelColumns.map((key) => `-L ${key}`)];
  console.log(`\n$ kubectl get pod ${options.join(' ')}`);
  console.log(formatTable([header, ...rows]));
  for (const pod of pods.filter(isInjected)) {
    console.log(`\n${titleOf(pod)}, its volumes and mounts:\n\n${stringify(volumesAndMounts(pod)).trimEnd()}`);
  }
}

function isInjected({ spec }: KubernetesObject): boolean {
  const { volumes = [] } = spec as { volumes?: { name: string }[] };
  return volumes.some(({ name }) => injections.some(({ volume }) => volume?.name === name));
}

function volumesAndMounts({ spec }: KubernetesObject): object {
  const { volumes, initContainers, containers } = spec as Record<string, { name: string; volumeMounts?: unknown }[]>;
  const mounts = (list: typeof containers) => list?.map(({ name, volumeMounts }) => ({ name, volumeMounts }));
  return { volumes, ...(initContainers && { initContainers: mounts(initContainers) }), containers: mounts(containers) };
}

async function keepRunning({ kubeconfig }: ApiServer): Promise<never> {
  console.log(`\nAll of it is running until Ctrl-C. In another terminal:\n\n  export KUBECONFIG=${kubeconfig}`);
  console.log(`  kubectl get pod -A ${labelColumns.map((key) => `-L ${key}`).join(' ')}`);
  console.log(
    '\nThere are no controllers: workloads make no Pods, and a Pod in a new namespace needs a ServiceAccount there:',
  );
  console.log('\n  kubectl create namespace shop && kubectl create serviceaccount default -n shop');
  return new Promise<never>(() => {});
}
