import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseDocument, type YAMLMap, type YAMLSeq } from 'yaml';
import { defaultInjections } from '../../function/injections/default-injections.ts';
import { readInjections } from '../../function/injections/load.ts';
import type { Injection } from '../../function/review/injection.ts';
import { manifestPath } from '../install/manifests.ts';
import { webhookConfigurations } from '../install/registration.ts';
import { webhookConfiguration } from '../install/webhook-configuration.ts';
import type { Answer, KubernetesApi } from '../kubernetes/client.ts';
import { collectionPath } from '../kubernetes/discovery.ts';
import { readManifest } from '../kubernetes/manifest.ts';
import { type KubernetesObject, titleOf } from '../kubernetes/object.ts';
import { podRows } from '../kubernetes/pod-table.ts';
import { waitFor } from '../kubernetes/wait.ts';
import { podOf } from '../kubernetes/workload.ts';
import { exitStatus } from '../terminal/exit-status.ts';
import { print, printError, shell } from '../terminal/output.ts';
import { createProgress } from '../terminal/progress.ts';
import { temporaryDirectory } from '../terminal/temporary-directory.ts';
import { callWebhook } from './admission-call.ts';
import { type ApiServer, prepareNamespace, startApiServer } from './api-server.ts';
import { type ControlPlane, controlPlaneAtHand, findControlPlane, waysToGetOne } from './control-plane.ts';
import { type FunctionServer, startFunction } from './function-server.ts';
import { labelsOf, printPods, unstoredRows } from './pod-listing.ts';

const demoFiles = ['demo/configmap/hello-configmap.yaml', 'demo/busybox.yaml'].map(manifestPath);

/** What to show, and how far. */
export interface DemoOptions {
  /** Manifests instead of those of manifests/demo. */
  files?: string[] | undefined;
  /** Leaves it running until Ctrl-C. */
  keep: boolean;
  /** Whether to go on, after the function alone, with a real API server. */
  apiServer: boolean;
}

interface Demo {
  objects: KubernetesObject[];
  pods: KubernetesObject[];
  injections: readonly Injection[];
  server: FunctionServer;
}

/**
 * Shows the main job: at once with the function alone, then on a real API server of its own, which may take minutes to get;
 * with the API server only where one is at hand. The exit status: 0, 1 where a Pod was refused, 3 where there was no API
 * server to be had. The injections are those of the file `INJECTIONS`, if that is set.
 */
export async function demoHere(
  { files = demoFiles, keep, apiServer }: DemoOptions,
  cleanup: AsyncDisposableStack,
): Promise<number> {
  const file = process.env.INJECTIONS;
  const injections = file ? readInjections(file) : defaultInjections;
  const objects = files.flatMap(readManifest);
  const pods = objects.flatMap((object) => podOf(object) ?? []);
  if (pods.length === 0) throw new Error(`${files.join(', ')}: no Pod, and no workload with a Pod template`);
  const server = await startFunction(cleanup, file ? { INJECTIONS: withoutCopies(file, cleanup) } : {});
  print(`Function     ${server.url}`);
  if (injections.some(({ ensure }) => ensure))
    print('Copies       none: here is no cluster for `ensure` to copy ConfigMaps in');
  const demo = { objects, pods, injections, server };
  const atHand = apiServer ? controlPlaneAtHand() : undefined;
  if (atHand) return await onApiServer(atHand, demo, keep, cleanup);
  const status = await withFunctionAlone(demo);
  if (!apiServer) return status;
  print('\nNow the same on a real API server, which is downloaded, or else built, once …');
  const controlPlane = await findControlPlane({ progress: createProgress(), cleanup });
  if (controlPlane) return await onApiServer(controlPlane, demo, keep, cleanup);
  print(`There is none to be had: ${waysToGetOne}.`);
  return exitStatus.incomplete;
}

/** A file of the same injections, but for `ensure`. */
function withoutCopies(file: string, cleanup: AsyncDisposableStack): string {
  const document = parseDocument(readFileSync(file, 'utf8'));
  const { items } = document.get('injections') as YAMLSeq<YAMLMap>;
  for (const injection of items) injection.delete('ensure');
  const copy = join(temporaryDirectory(join(tmpdir(), 'hello-webhook-'), cleanup), basename(file));
  writeFileSync(copy, document.toString());
  return copy;
}

/** Shows what the function makes of Pods that are sent to it the way an API server sends them; the exit status. */
async function withFunctionAlone({ pods, injections, server }: Demo): Promise<number> {
  const admitted = await createEach(pods, (pod) => callWebhook(server, pod));
  printPods(admitted, unstoredRows(admitted), injections);
  print('\nThis was the function alone: the Pods went to it over HTTPS, the way an API server sends them.');
  return admitted.length < pods.length ? exitStatus.failed : exitStatus.ok;
}

/** Shows what a real API server stores; the exit status. */
async function onApiServer(
  controlPlane: ControlPlane,
  { objects, pods, injections, server }: Demo,
  keep: boolean,
  cleanup: AsyncDisposableStack,
): Promise<number> {
  const apiServer = await startApiServer(controlPlane, cleanup);
  const { api } = apiServer;
  print(`API server   ${controlPlane.origin}`);
  await register(api, server, injections);
  print('Webhook      registered, and called by the API server');
  const isConfigMap = ({ apiVersion, kind }: KubernetesObject) => apiVersion === 'v1' && kind === 'ConfigMap';
  for (const configMap of objects.filter(isConfigMap)) await create(api, configMap);
  const leftOut = objects.filter((object) => !isConfigMap(object) && !podOf(object));
  if (leftOut.length > 0) print(`Left out     ${leftOut.map(titleOf).join(', ')}: no Pod, and no template of one`);
  const stored = await createEach(pods, (pod) => create(api, pod));
  printPods(stored, await podRows(api, stored), injections);
  print('\nThere is no node here to run the Pods, so they stay Pending; what is stored is what a node would run.');
  if (keep) await keepRunning(apiServer, injections);
  return stored.length < pods.length ? exitStatus.failed : exitStatus.ok;
}

/** Creates one Pod after the other, and prints the warnings and errors that kubectl would print; the Pods as they were admitted. */
async function createEach(
  pods: KubernetesObject[],
  createOne: (pod: KubernetesObject) => Promise<Answer>,
): Promise<KubernetesObject[]> {
  const admitted: KubernetesObject[] = [];
  for (const pod of pods) {
    try {
      const { object, warnings } = await createOne(pod);
      for (const warning of warnings) print(`Warning: ${titleOf(pod)}: ${warning}`);
      admitted.push(object);
    } catch (error) {
      printError(`Error: ${titleOf(pod)}: ${(error as Error).message}`);
    }
  }
  return admitted;
}

/** Registers the webhook, and waits until the API server calls it: a new configuration takes a moment to be used. */
async function register(api: KubernetesApi, server: FunctionServer, injections: readonly Injection[]): Promise<void> {
  // Under Fail an error is seen; under Ignore, the default of the manifests, the Pod would pass without its file.
  const entries = [...injections, { name: 'probe', selector: { matchLabels: { probe: 'true' } } }];
  const body = webhookConfiguration({ name: 'hello-webhook', ...server }, entries, { failurePolicy: 'Fail' });
  await api.send('POST', webhookConfigurations, { body });
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
  const look = async () => {
    if (isCalled) return { found: true };
    await api.send('POST', '/api/v1/namespaces/default/pods?dryRun=All', { body: probe });
    return { missing: 'the function has logged no review of a probe Pod' };
  };
  await waitFor('waiting for the API server to call the webhook', look, {
    progress: () => {},
    timeoutMs: 60_000,
    intervalMs: 50,
  });
}

async function create(api: KubernetesApi, object: KubernetesObject): Promise<Answer> {
  const namespace = object.metadata.namespace ?? 'default';
  const serviceAccount = (object.spec as { serviceAccountName?: string } | undefined)?.serviceAccountName;
  await prepareNamespace(api, namespace, serviceAccount);
  const body = { ...object, metadata: { ...object.metadata, namespace } };
  return api.send('POST', await collectionPath(api, body), { body });
}

async function keepRunning({ kubeconfig }: ApiServer, injections: readonly Injection[]): Promise<never> {
  const labelColumns = labelsOf(injections).flatMap((key) => ['-L', key]);
  print(shell`\nAll of it is running until Ctrl-C. In another terminal:\n\n  export KUBECONFIG=${kubeconfig}`);
  print(shell`  kubectl get pod -A ${labelColumns}`);
  print(
    '\nThere are no controllers: workloads make no Pods, and a Pod in a new namespace needs a ServiceAccount there:',
  );
  print('\n  kubectl create namespace shop && kubectl create serviceaccount default -n shop');
  return new Promise<never>(() => {});
}
