/** `npm run deploy`: the webhook in a cluster, reached and proven. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { V1MutatingWebhookConfiguration } from '@kubernetes/client-node';
import { parseInjections } from '../function/configuration.ts';
import type { Injection } from '../function/injection.ts';
import { type Finding, formatFinding, ok, warning } from './cluster/finding.ts';
import {
  clusterOptions,
  clusterUsage,
  type Installation,
  type KnativeService,
  readService,
} from './cluster/installation.ts';
import { connect, type KubernetesApi, type KubernetesObject, read } from './cluster/kubernetes-api.ts';
import { titleOf } from './cluster/manifest.ts';
import { readIssuer, readPrerequisites } from './cluster/prerequisites.ts';
import { probeReach } from './cluster/probe.ts';
import { type Proof, prove, proveSoon } from './cluster/probe-pod.ts';
import type { Reach } from './cluster/reach.ts';
import { render, type Wanted } from './cluster/render.ts';
import { applyAll, deleteAll, putWebhookConfiguration, scaledToZero } from './cluster/rollout.ts';
import { waitFor } from './cluster/wait.ts';
import { createProgress, type Progress, runCommand } from './command.ts';
import { readOptions } from './options.ts';
import { volumeFieldProblems } from './volume-fields.ts';

const usage = `npm run deploy -- --image IMAGE [--injections FILE] [--reach url|gateway|auto] [--no-ensure] [--fail-closed] [--always-warm]

Checks what the cluster needs, applies the function and waits until it is ready, finds out which way the API server
reaches it, registers the webhook last, and proves it with Pods that are created on a dry run.

      --image IMAGE      the function's image, best by its digest. Left out, the function that is there stays: the one
                         of an earlier deploy, or one made by func or kn
      --injections FILE  the injections. Left out, those that are there stay; at first manifests/function/base/injections.yaml
      --reach WAY        url: the cluster-local URL. gateway: a Service before the ingress' gateway. auto: the first that works
      --no-ensure        the function gets no rights, and copies no ConfigMap to where it is missing
      --fail-closed      selected Pods are refused while the function cannot be reached
      --always-warm      one function always runs
      --no-cold          does not wait (two minutes or so) for the function to scale to zero to prove it from there
      --probe-namespace NAME   where the dry runs are (default)
${clusterUsage}
  -h, --help             this text

Exits with 0 once it is proven, with 1 where something is missing or fails, with 2 where it was called wrongly.
`;

process.chdir(process.env.INIT_CWD ?? '.');

await runCommand(async (cleanup) => {
  const options = readOptions(usage, {
    ...clusterOptions,
    image: { type: 'string' },
    injections: { type: 'string' },
    reach: { type: 'string', default: 'auto' },
    'no-ensure': { type: 'boolean', default: false },
    'fail-closed': { type: 'boolean', default: false },
    'always-warm': { type: 'boolean', default: false },
    'no-cold': { type: 'boolean', default: false },
    'probe-namespace': { type: 'string', default: 'default' },
  });
  if (typeof options === 'number') return options;
  if (!['url', 'gateway', 'auto'].includes(options.reach)) {
    console.error(`--reach must be url, gateway or auto\n\n${usage}`);
    return 2;
  }
  const progress = createProgress();
  const api = connect(options.context === undefined ? {} : { context: options.context });
  const installation = { name: options.name, namespace: options.namespace };
  const { 'probe-namespace': probeNamespace } = options;
  console.log(`Cluster          ${api.server}`);
  const ways = await checkCluster(api, options.reach, progress);
  if (ways.length === 0) {
    console.error('\nNothing was changed: first mend what is marked with ✗.');
    return 1;
  }
  const wanted = await readWanted(api, installation, options);
  const context = { api, installation, probeNamespace, progress, cleanup };
  const { webhook, injections } = await reachFunction(context, wanted, ways);
  await putWebhookConfiguration(api, webhook, progress);
  const names = entriesOf(webhook).map(({ name }) => name);
  tell(ok('webhook', `${titleOf(webhook)}, entries: ${names.join(', ')}`));
  const again = () => prove(api, probeNamespace, injections);
  const warm = await proveSoon(api, probeNamespace, injections);
  tellProof('warm', 'failure' in warm ? warm : await again());
  if (options['no-cold'] || options['always-warm']) return 0;
  await scaledToZero(api, installation, progress);
  tellProof('from zero', await again());
  return 0;
});

function tell(finding: Finding): void {
  console.log(formatFinding(finding));
}

/** Shows that a Pod came back with the mount. Throws an Error where it did not. */
function tellProof(how: string, proof: Proof): void {
  if ('failure' in proof)
    throw new Error(`not proven, ${how}: ${proof.failure}\nnpm run doctor says which link is broken`);
  tell(ok('proof', `${how}, a dry-run Pod came back with its mount in ${inSeconds(proof)}`));
}

function inSeconds({ ms }: { ms: number }): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

/** Shows what the cluster has of what is needed; the ways of reaching to try, none where something is missing. */
async function checkCluster(api: KubernetesApi, reach: string, progress: Progress): Promise<Reach[]> {
  await issuerSettles(api, progress);
  const { findings, gateway, clusterLocalTls } = await readPrerequisites(api);
  const ways = waysOf(reach, gateway?.component, clusterLocalTls.status === 'ok');
  const all = ways.includes('cluster-local-url') || ways.length === 0 ? [...findings, clusterLocalTls] : findings;
  all.forEach(tell);
  return all.some(({ status }) => status === 'broken') ? [] : ways;
}

/** An issuer that has only just been applied becomes ready within seconds; what else ails it is shown with the rest. */
async function issuerSettles(api: KubernetesApi, progress: Progress): Promise<void> {
  const look = async () => {
    const { status, text } = await readIssuer(api);
    return status === 'ok' || text.endsWith('is not there') ? { found: true } : { missing: text };
  };
  await waitFor('waiting for the issuer', look, { progress, timeoutMs: 15_000 }).catch(() => {});
}

/** What to deploy. Throws where there is no function yet and no image for one, or the injections are bad. */
async function readWanted(
  api: KubernetesApi,
  installation: Installation,
  options: {
    image?: string;
    injections?: string;
    'no-ensure': boolean;
    'fail-closed': boolean;
    'always-warm': boolean;
  },
): Promise<Omit<Wanted, 'reach'>> {
  const service = await readService(api, installation);
  const image = options.image ?? imageOf(service);
  if (image === undefined && !service) {
    throw new Error(`there is no function ${installation.name} in ${installation.namespace} yet: give --image IMAGE`);
  }
  const text = await injectionsText(api, installation, service, options.injections);
  return {
    ...installation,
    image,
    ...(text !== undefined && { injections: text }),
    components: [
      ...(options['no-ensure'] ? [] : (['ensure'] as const)),
      ...(options['fail-closed'] ? (['fail-closed'] as const) : []),
      ...(options['always-warm'] ? (['always-warm'] as const) : []),
    ],
  };
}

/** The ways to try, the one without a public listener first. */
function waysOf(reach: string, gateway: Reach | undefined, hasLocalTls: boolean): Reach[] {
  const url: Reach[] = reach === 'url' || (reach === 'auto' && hasLocalTls) ? ['cluster-local-url'] : [];
  return [...url, ...(reach !== 'url' && gateway ? [gateway] : [])];
}

/** The image of an earlier deploy; none of a function that func or kn made, which stays as it is. */
function imageOf(service: KnativeService | undefined): string | undefined {
  const labels = (service?.metadata as KubernetesObject['metadata'] | undefined)?.labels;
  if (labels?.['app.kubernetes.io/part-of'] !== 'hello-webhook') return undefined;
  return service?.spec.template.spec.containers[0]?.image;
}

/** The text of the injections to deploy; none where the manifests' own are to be taken. */
async function injectionsText(
  api: KubernetesApi,
  { namespace }: Installation,
  service: KnativeService | undefined,
  file: string | undefined,
): Promise<string | undefined> {
  if (file !== undefined) {
    const text = await readFile(resolve(file), 'utf8');
    parseInjections(text, file, volumeFieldProblems);
    return text;
  }
  const name = service?.spec.template.spec.volumes?.find(({ configMap }) => configMap)?.configMap?.name;
  if (name === undefined) return undefined;
  const path = `/api/v1/namespaces/${namespace}/configmaps/${name}`;
  return (await read<{ data?: Record<string, string> }>(api, path))?.data?.['injections.yaml'];
}

interface Context {
  api: KubernetesApi;
  installation: Installation;
  probeNamespace: string;
  progress: Progress;
  cleanup: AsyncDisposableStack;
}

/**
 * Applies all but the webhook in one way after the other, until the API server reaches the function in one; what only a
 * way that failed needed goes. Throws where it does not reach it in any.
 */
async function reachFunction(
  { api, installation, probeNamespace, progress, cleanup }: Context,
  wanted: Omit<Wanted, 'reach'>,
  ways: readonly Reach[],
): Promise<{ webhook: KubernetesObject; injections: Injection[] }> {
  let failed: KubernetesObject[] = [];
  for (const reach of ways) {
    const { objects, injections } = await render({ ...wanted, reach }, cleanup);
    const webhook = objects.find(({ kind }) => kind === 'MutatingWebhookConfiguration');
    const [entry] = webhook ? entriesOf(webhook) : [];
    if (!webhook || !entry) throw new Error('the manifests have no webhooks entry');
    const rest = objects.filter((object) => object !== webhook);
    await applyAll(api, rest, progress);
    tell(ok('function', `Knative Service ${installation.name} in ${installation.namespace} is ready`));
    const probe = { ...installation, clientConfig: entry.clientConfig, caFrom: caFrom(webhook), probeNamespace };
    const probed = await probeReach(api, probe, { progress, cleanup });
    if ('ms' in probed) {
      const kept = new Set(rest.map(keyOf));
      await deleteAll(
        api,
        failed.filter((object) => !kept.has(keyOf(object))),
        progress,
      );
      tell(ok('reach', `${reach}: the API server called the function in ${inSeconds(probed)}`));
      return { webhook, injections };
    }
    tell(warning('reach', `${reach}: ${probed.failure}`, hintFor(reach)));
    failed = rest;
  }
  throw new Error('\nThe API server does not reach the function, so the webhook is not registered.');
}

function hintFor(reach: Reach): string {
  return reach === 'cluster-local-url'
    ? 'Most API servers do not resolve cluster DNS: --reach gateway needs none.'
    : 'npm run doctor looks at each link between the API server and the function.';
}

function entriesOf(webhook: KubernetesObject): NonNullable<V1MutatingWebhookConfiguration['webhooks']> {
  return (webhook as unknown as V1MutatingWebhookConfiguration).webhooks ?? [];
}

function caFrom({ metadata }: KubernetesObject): string {
  return (metadata.annotations as Record<string, string>)['cert-manager.io/inject-ca-from'] ?? '';
}

function keyOf({ apiVersion, kind, metadata: { name, namespace = '' } }: KubernetesObject): string {
  return [apiVersion, kind, namespace, name].join(' ');
}
