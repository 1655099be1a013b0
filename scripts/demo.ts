/** `npm run demo`: the main job, watched on a real API server. */
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { defaultInjections as injections } from '../function/default-injections.ts';
import { callWebhook } from './admission-call.ts';
import { type ApiServer, prepareNamespace, startApiServer } from './api-server.ts';
import { createProgress, runCommand } from './command.ts';
import { findControlPlane, waysToGetOne } from './control-plane.ts';
import { type FunctionServer, startFunction } from './function-server.ts';
import { collectionPath, type KubernetesApi, type KubernetesObject } from './kubernetes-api.ts';
import { podOf, readManifest } from './manifest.ts';
import { formatTable } from './table.ts';
import { webhookConfiguration } from './webhook-configuration.ts';

const usage = `npm run demo -- [-f FILE]... [--keep]

Starts a real etcd and kube-apiserver (built from their Go modules the first time, some 8 minutes), the function behind
HTTPS and its webhook, creates the Pods of manifests/demo, shows what became of them, and stops everything.

  -f, --file FILE   another manifest; of a workload the Pod of its template is created
      --keep        leave it all running until Ctrl-C, and say how to reach it with kubectl
  -h, --help        this text

Exits with 0; with 1 where something failed; with 3 where there was no API server to be had, only the function.
`;

const labelColumns = [...new Set(injections.flatMap(({ labels = {} }) => Object.keys(labels)))];
const noApiServer = `This was no real API server: to get one, ${waysToGetOne}.`;

await runCommand(async (cleanup) => {
  const options = readOptions();
  if (typeof options === 'number') return options;
  const objects = options.files.flatMap(readManifest);
  const pods = objects.map(podOf).filter((pod) => pod !== undefined);
  if (pods.length === 0) throw new Error(`${options.files.join(', ')}: no Pod, and no workload with a Pod template`);
  const controlPlane = await findControlPlane(createProgress(), cleanup);
  if (!controlPlane) {
    console.log(noApiServer.replace('This was', 'This is'));
    console.log('The Pods go to the function over HTTPS, the way an API server sends them.\n');
    const server = await startFunction(cleanup);
    const stored: KubernetesObject[] = [];
    for (const pod of pods) stored.push(await callWebhook(server, pod));
    show(stored, stored.map(tableRow));
    console.log(`\n${noApiServer}`);
    return 3;
  }
  const server = await startFunction(cleanup);
  console.log(`Function     ${server.url}`);
  const apiServer = await startApiServer(controlPlane, cleanup);
  console.log(`API server   ${controlPlane.origin}`);
  await register(apiServer.api, server);
  console.log('Webhook      registered, and called by the API server');
  const configMaps = objects.filter(({ apiVersion, kind }) => apiVersion === 'v1' && kind === 'ConfigMap');
  for (const configMap of configMaps) await create(apiServer.api, configMap);
  const stored: KubernetesObject[] = [];
  for (const pod of pods) stored.push(await create(apiServer.api, pod));
  show(stored, await readTable(apiServer.api, stored));
  console.log(
    '\nThere is no node here to run the Pods, so they stay Pending; what is stored is what a node would run.',
  );
  if (options.keep) await keep(apiServer);
  return 0;
});

/** The options, or the exit status where there is nothing to do but to explain them. */
function readOptions(): { files: string[]; keep: boolean } | number {
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
  const body = webhookConfiguration({ name: 'hello-webhook', ...server }, injections, { failurePolicy: 'Fail' });
  await api.send('POST', '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations', { body });
  const probe = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { generateName: 'probe-', labels: injections[0]?.selector.matchLabels },
    spec: { containers: [{ name: 'probe', image: 'none' }] },
  };
  let isCalled = false;
  server
    .records(({ decision }) => decision === 'injected')
    .then(() => {
      isCalled = true;
    });
  while (!isCalled) {
    await api.send('POST', '/api/v1/namespaces/default/pods?dryRun=All', { body: probe });
    await delay(50);
  }
}

async function create(api: KubernetesApi, object: KubernetesObject): Promise<KubernetesObject> {
  const namespace = object.metadata.namespace ?? 'default';
  const serviceAccount = (object.spec as { serviceAccountName?: string } | undefined)?.serviceAccountName;
  await prepareNamespace(api, namespace, serviceAccount);
  const body = { ...object, metadata: { ...object.metadata, namespace } };
  const { object: stored, warnings } = await api.send('POST', await collectionPath(api, body), { body });
  for (const warning of warnings) console.log(`Warning: ${warning}`);
  return stored;
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
  return rows.map((cells, index) => [...cells, ...labelCells(pods[index])]);
}

interface Table {
  columnDefinitions: { name: string; priority: number }[];
  rows: { cells: unknown[] }[];
}

/** The same row, of a Pod that nobody stored. */
function tableRow(pod: KubernetesObject): string[] {
  const { containers } = pod.spec as { containers: unknown[] };
  const name = pod.metadata.name ?? `${pod.metadata.generateName}…`;
  return [name, `0/${containers.length}`, 'Pending', '0', '0s', ...labelCells(pod)];
}

function labelCells(pod: KubernetesObject | undefined): string[] {
  return labelColumns.map((key) => pod?.metadata.labels?.[key] ?? '');
}

function show(pods: KubernetesObject[], rows: string[][]): void {
  const header = ['NAME', 'READY', 'STATUS', 'RESTARTS', 'AGE', ...labelColumns.map((key) => key.toUpperCase())];
  const apps = new Set(pods.map(({ metadata }) => metadata.labels?.app));
  const selector = apps.size === 1 && !apps.has(undefined) ? ` -l app=${[...apps][0]}` : '';
  console.log(`\n$ kubectl get pod${selector} ${labelColumns.map((key) => `-L ${key}`).join(' ')}`);
  console.log(formatTable([header, ...rows]));
  const shown = pods.find((pod) => labelCells(pod).some(Boolean)) ?? pods[0];
  if (shown)
    console.log(`\n${shown.metadata.name}, its volumes and mounts:\n\n${stringify(volumesAndMounts(shown))}`.trimEnd());
}

function volumesAndMounts({ spec }: KubernetesObject): object {
  const { volumes, initContainers, containers } = spec as Record<string, { name: string; volumeMounts?: unknown }[]>;
  const mounts = (list: typeof containers) => list?.map(({ name, volumeMounts }) => ({ name, volumeMounts }));
  return { volumes, ...(initContainers && { initContainers: mounts(initContainers) }), containers: mounts(containers) };
}

async function keep({ kubeconfig }: ApiServer): Promise<never> {
  console.log(`\nAll of it is running until Ctrl-C. In another terminal:\n\n  export KUBECONFIG=${kubeconfig}`);
  console.log(`  kubectl get pod -A ${labelColumns.map((key) => `-L ${key}`).join(' ')}`);
  return new Promise<never>(() => {});
}
