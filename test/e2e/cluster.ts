import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Context } from 'mocha';
import { defaultInjections } from '../../function/injections/default-injections.ts';
import { defaultInstallation as installation } from '../../scripts/install/installation.ts';
import { readService } from '../../scripts/install/knative-service.ts';
import { dryRun, type Pod, probePod } from '../../scripts/install/probe-pod.ts';
import { isInjected } from '../../scripts/install/verification.ts';
import { connect, type KubernetesApi } from '../../scripts/kubernetes/client.ts';
import { read } from '../../scripts/kubernetes/read.ts';
import { waitFor } from '../../scripts/kubernetes/wait.ts';
import { startChild } from '../../scripts/local/child.ts';

const [hello] = defaultInjections;
if (!hello) throw new Error('there is no default injection');
export const injection = hello;

/** The function's image, from where the cluster's nodes can get it. */
export const image = process.env.IMAGE ?? '';

/** Why these tests cannot run, or undefined where they can. */
function reasonToSkip(): string | undefined {
  const file = process.env.KUBECONFIG;
  if (!file || !existsSync(file)) return 'set KUBECONFIG to the kubeconfig of a cluster with Knative and cert-manager';
  if (!image) return "set IMAGE to the function's image, from where that cluster can get it";
  return undefined;
}

/**
 * A `describe` whose tests change a real cluster, on which the webhook is deployed for them and not before; with `isBare`
 * not at all. Without a cluster they are skipped, and say why; they fail where CI is set. What was there already is never
 * touched.
 */
export function describeOnCluster(
  title: string,
  define: (api: () => KubernetesApi) => void,
  { isBare = false } = {},
): void {
  describe(title, function () {
    this.timeout(600_000);
    let api: KubernetesApi | undefined;
    let isDeployed = false;
    before(async function () {
      requireCluster(this);
      api = connect();
      if (await readService(api, installation))
        throw new Error(`${installation.name} is deployed there already: npm run undeploy first`);
      if (isBare) return;
      isDeployed = true;
      await succeed('deploy', '--image', image, '--no-cold');
    });
    after(async () => {
      if (isDeployed) await succeed('undeploy', '--all-copies');
    });
    define(() => {
      if (!api) throw new Error('the cluster is there within tests only');
      return api;
    });
  });
}

function requireCluster(test: Context): void {
  const reason = reasonToSkip();
  if (!reason) return;
  if (process.env.CI) throw new Error(reason);
  console.log(`    skipped: ${reason}`);
  test.skip();
}

/** What a command of the project's came to. */
export interface Ended {
  status: number | null;
  output: string;
}

/** Runs a command: `run('deploy', '--image', …)`. */
export async function run(command: string, ...args: string[]): Promise<Ended> {
  await using cleanup = new AsyncDisposableStack();
  const program = fileURLToPath(new URL('../../scripts/hello-webhook.ts', import.meta.url));
  const child = startChild(process.execPath, [program, command, ...args], { cleanup });
  return { status: await child.exit, output: child.lines.join('\n') };
}

/** Throws, with the output, where a command did not end with 0. */
export async function succeed(command: string, ...args: string[]): Promise<string> {
  const { status, output } = await run(command, ...args);
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}:\n${output}`);
  return output;
}

/** A Pod that asks for the file, as it comes back from a dry run. */
export async function askForFile(api: KubernetesApi, namespace = 'default'): Promise<Pod> {
  return (await dryRun(api, namespace, probePod({ hello: 'true' }))).object;
}

/** How many of these Pods have the mount. */
export function countInjected(pods: readonly Pod[]): number {
  return pods.filter((pod) => isInjected(pod, injection)).length;
}

/** Creates Pods on dry runs, four at a time, for as long as `action` takes; those that came back. */
export async function whileCreating(api: KubernetesApi, action: () => Promise<unknown>): Promise<Pod[]> {
  const pods: Pod[] = [];
  let isOver = false;
  const createOn = async () => {
    while (!isOver) pods.push(await askForFile(api));
  };
  const creating = Promise.all(Array.from({ length: 4 }, createOn));
  try {
    await Promise.race([action(), creating]);
  } finally {
    isOver = true;
  }
  await creating;
  return pods;
}

/** A namespace that goes away with `cleanup`, once Pods can be created in it. */
export async function newNamespace(
  api: KubernetesApi,
  cleanup: AsyncDisposableStack,
  labels: Record<string, string> = {},
): Promise<string> {
  const name = `hello-e2e-${randomUUID().slice(0, 8)}`;
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
  await api.send('POST', '/api/v1/namespaces', { body });
  cleanup.defer(async () => {
    await api.send('DELETE', `/api/v1/namespaces/${name}`);
  });
  await until(`namespace ${name} has a ServiceAccount`, async () =>
    Boolean(await read(api, `/api/v1/namespaces/${name}/serviceaccounts/default`)),
  );
  return name;
}

/** Waits until a condition holds, for five minutes at most. */
export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const look = async () => ((await holds()) ? { found: true } : { missing: 'not yet' });
  await waitFor(what, look, { progress: () => {}, timeoutMs: 300_000 });
}
