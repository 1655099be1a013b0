/** `npm run demo`: the main job, watched on a real API server. */
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { readInjections } from '../function/configuration.ts';
import { defaultInjections } from '../function/default-injections.ts';
import { type Answer, collectionPath, type KubernetesApi, type KubernetesObject } from './cluster/kubernetes-api.ts';
import { podOf, readManifest, titleOf } from './cluster/manifest.ts';
import { webhookConfiguration } from './cluster/webhook-configuration.ts';
import { createProgress, runCommand } from './command.ts';
import { callWebhook } from './local/admission-call.ts';
import { type ApiServer, prepareNamespace, startApiServer } from './local/api-server.ts';
import { findControlPlane, waysToGetOne } from './local/control-plane.ts';
import { type FunctionServer, startFunction } from './local/function-server.ts';
import { formatTable } from './table.ts';

const usage = `npm run demo -- [-f FILE]... [--keep]

Starts a real etcd and kube-apiserver (built from their Go modules the first time, some 8 minutes), the function behind
HTTPS and its webhook, creates the Pods of manifests/demo, shows what became of them, and stops everything.

  -f, --file FILE   another manifest; of a workload the Pod of its template is created
      --keep        leave it all running until Ctrl-C, and say how to reach it with kubectl
  -h, --help        this text

INJECTIONS=FILE takes other injections than the default ones.
Exits with 0; with 1 where something failed; with 3 where there was no API server to be had, only the function.
`;

const noApiServer = `no real API server: to get one, ${waysToGetOne}.`;

// npm runs scripts in the project, whatever directory it was called in.
process.chdir(process.env.INIT_CWD ?? '.');
const env = process.env.INJECTIONS ? { INJECTIONS: process.env.INJECTIONS } : {};
const injections = env.INJECTIONS ? readInjections(env.INJECTIONS) : defaultInjections;
const labelColumns = [...new Set(injections.flatMap(({ labels = {} }) => Object.keys(labels)))];

await runCommand(async (cleanup) => {
  const options = readOptions();
  if (typeof options === 'number') return options;
  const objects = options.files.flatMap(readManifest);
  const pods = objects.flatMap((object) => podOf(object) ?? []);
  if (pods.length === 0) throw new Error(`${options.files.join(', ')}: no Pod, and no workload with a Pod template`);
  const controlPlane = await findControlPlane(createProgress(), cleanup);
  if (!controlPlane) return await withoutApiServer(pods, options, cleanup);
  const server = await startFunction(cleanup, env);
  console.log(`Function     ${server.url}`);
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
  if (options.keep) await keep(apiServer);
  return stored.length < pods.length ? 1 : 0;
});

/** Shows the main job with the function alone; the exit status. */
async function withoutApiServer(
  pods: KubernetesObject[],
  { keep }: Options,
  cleanup: AsyncDisposableStack,
): Promise<number> {
  console.log(`This is ${noApiServer}`);
  console.log('The Pods go to the function over HTTPS, the way an API server sends them.');
  if (keep) console.log('There is nothing to keep: --keep needs an API server.');
  const server = await startFunction(cleanup, env);
  const stored = await tellEach(pods, (pod) => callWebhook(server, pod));
  show(stored, stored.map(tableRow));
  console.log(`\nThis was ${noApiServer}`);
  return 3;
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

interface Options {
  files: string[];
  keep: boolean;
}

/** The options, or the exit status where there is nothing to do but to explain them. */
function readOptions(): Options | number {
  const demo = ['configmap/hello-configmap', 'busybox'].map(
    (name) => new URL(`../manifests/demo/${name}.yaml`, import.meta.url),
  );
  try {
    const { values } = parseArgs({
      options: {
        file: { type: 'string', short: 'f', multiple: true, default: demo.map((url) => fileURLToPath(url)) },
        keep: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (!values.help) return { files: values.file, keep: values.keep };
    console.log(usage);
    return 0;
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    return 2;
  }
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

/** The API server's own table of these Pods, as `kubectl get pod -L …` asks for it. */
async function readTable(api: KubernetesApi, pods: KubernetesObject[]): Promise<string[][]> {
  const rows: string[][] = [];
  for (const { metadata } of pods) {
    const path = `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}`;
    const { object } = await api.send<Table>('GET', path, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });
    const shown = object.columnDefinitions.flatMap(({ priority }, column) => (priority === 0 ? [column] : []));
    for (const { cells } of object.rows) rows.push(shown.map((column) => String(cells[column])));
  }
  return rows.map((cells, index) => [...namespaceCells(pods, index), ...cells, ...labelCells(pods[index])]);
}

interface Table {
  columnDefinitions: { name: string; priority: number }[];
  rows: { cells: unknown[] }[];
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
  return volumes.some(({ name }) => injections.some(({ volume }) => volume.name === name));
}

function volumesAndMounts({ spec }: KubernetesObject): object {
  const { volumes, initContainers, containers } = spec as Record<string, { name: string; volumeMounts?: unknown }[]>;
  const mounts = (list: typeof containers) => list?.map(({ name, volumeMounts }) => ({ name, volumeMounts }));
  return { volumes, ...(initContainers && { initContainers: mounts(initContainers) }), containers: mounts(containers) };
}

async function keep({ kubeconfig }: ApiServer): Promise<never> {
  console.log(`\nAll of it is running until Ctrl-C. In another terminal:\n\n  export KUBECONFIG=${kubeconfig}`);
  console.log(`  kubectl get pod -A ${labelColumns.map((key) => `-L ${key}`).join(' ')}`);
  console.log(
    '\nThere are no controllers: workloads make no Pods, and a Pod in a new namespace needs a ServiceAccount there:',
  );
  console.log('\n  kubectl create namespace shop && kubectl create serviceaccount default -n shop');
  return new Promise<never>(() => {});
}
