/** `npm run deploy`: the webhook in a cluster, reached and proven. */

import { scaledToZero } from '../install/function-pods.ts';
import {
  clusterOptions,
  clusterUsage,
  type Installation,
  installationOf,
  readService,
} from '../install/installation.ts';
import { inventory } from '../install/inventory.ts';
import { readIssuer, readPrerequisites } from '../install/prerequisites.ts';
import { type Proof, proveSoon } from '../install/probe-pod.ts';
import type { Reach } from '../install/reach.ts';
import { reachFunction } from '../install/reaching.ts';
import { register } from '../install/registration.ts';
import { deleteAll } from '../install/rollout.ts';
import { isAlwaysWarm, readWanted } from '../install/wanted.ts';
import { entriesOf } from '../install/webhook-configuration.ts';
import { connect, type KubernetesApi, type KubernetesObject } from '../kubernetes/client.ts';
import { titleOf } from '../kubernetes/manifest.ts';
import { waitFor } from '../kubernetes/wait.ts';
import { createProgress, type Progress, runCommand } from '../terminal/command.ts';
import { type Finding, formatFinding, ok, unknown } from '../terminal/finding.ts';
import { readOptions } from '../terminal/options.ts';

const usage = `npm run deploy -- --image IMAGE [--injections FILE] [--reach url|gateway|auto]

Checks what the cluster needs, applies the function and waits until it is ready, finds out which way the API server
reaches it, registers the webhook last, and proves it with Pods that are created on a dry run. What is left out stays as
it is in the cluster; the first time it is as (said) here.

      --image IMAGE      the function's image, best by its digest. Left out the first time, the function is one that func
                         or kn made, which stays theirs
      --injections FILE  the injections (manifests/function/base/injections.yaml)
      --reach WAY        url: the cluster-local URL. gateway: a Service before the ingress' gateway. auto: the first of
                         them that works (auto)
      --[no-]ensure      the function has the rights to copy ConfigMaps to where they are missing (--ensure)
      --[no-]fail-closed selected Pods are refused while the function cannot be reached (--no-fail-closed)
      --[no-]always-warm one function always runs (--no-always-warm)
      --no-cold          does not wait, two minutes or so, for the function to scale to zero to prove it from there
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
    ensure: { type: 'boolean' },
    'fail-closed': { type: 'boolean' },
    'always-warm': { type: 'boolean' },
    cold: { type: 'boolean', default: true },
    'probe-namespace': { type: 'string', default: 'default' },
  });
  if (typeof options === 'number') return options;
  if (!['url', 'gateway', 'auto'].includes(options.reach)) {
    console.error(`--reach must be url, gateway or auto\n\n${usage}`);
    return 2;
  }
  const installation = installationOf(options);
  const { 'probe-namespace': probeNamespace } = options;
  const progress = createProgress();
  const api = connect(options.context === undefined ? {} : { context: options.context });
  console.log(`Cluster          ${api.server}`);
  const { ways, gatewayNamespace } = await checkCluster(api, options.reach, progress);
  if (ways.length === 0) {
    console.error('\nNothing was changed: first mend what is marked with ✗.');
    return 1;
  }
  const wanted = { ...(await readWanted(api, installation, options)), ...(gatewayNamespace && { gatewayNamespace }) };
  const course = { installation, probeNamespace, progress, cleanup, tell };
  const { webhook, injections, objects } = await reachFunction(api, wanted, ways, course);
  await register(api, webhook, { installation, progress });
  const names = entriesOf(webhook).map(({ name }) => name);
  tell(ok('webhook', `${titleOf(webhook)}, entries: ${names.join(', ')}`));
  await removeOthers(api, objects, { installation, progress });
  tellProof('warm', await proveSoon(api, probeNamespace, injections));
  if (!options.cold || isAlwaysWarm(await readService(api, installation))) return 0;
  const isAtRest = await scaledToZero(api, installation, progress).catch(() => 'busy');
  if (isAtRest === 'busy') tell(unknown('proof', 'from zero: not tried, the function is busy'));
  else tellProof('from zero', await proveSoon(api, probeNamespace, injections));
  return 0;
});

function tell(finding: Finding): void {
  console.log(formatFinding(finding));
}

/** Shows that Pods came back with their mounts. Throws an Error where one did not. */
function tellProof(how: string, proof: Proof): void {
  if ('failure' in proof)
    throw new Error(`not proven, ${how}: ${proof.failure}\nnpm run doctor says which link is broken`);
  tell(ok('proof', `${how}, a dry-run Pod came back with its mount in ${(proof.ms / 1000).toFixed(2)} s`));
}

/** Shows what the cluster has of what is needed; the ways of reaching to try, none where something is missing. */
async function checkCluster(
  api: KubernetesApi,
  reach: string,
  progress: Progress,
): Promise<{ ways: Reach[]; gatewayNamespace: string | undefined }> {
  await issuerSettles(api, progress);
  const { findings, gateway, clusterLocalTls } = await readPrerequisites(api);
  const ways = waysOf(reach, gateway?.component, clusterLocalTls.status === 'ok');
  const all = ways.includes('cluster-local-url') || ways.length === 0 ? [...findings, clusterLocalTls] : findings;
  all.forEach(tell);
  const isSound = all.every(({ status }) => status !== 'broken');
  return { ways: isSound ? ways : [], gatewayNamespace: gateway?.namespace };
}

/** An issuer that has only just been applied becomes ready within seconds; what else ails it is shown with the rest. */
async function issuerSettles(api: KubernetesApi, progress: Progress): Promise<void> {
  const look = async () => {
    const { status, text } = await readIssuer(api);
    return status === 'ok' || text.endsWith('is not there') ? { found: true } : { missing: text };
  };
  await waitFor('waiting for the issuer', look, { progress, timeoutMs: 15_000 }).catch(() => {});
}

/** The ways to try, the one without a public listener first. */
function waysOf(reach: string, gateway: Reach | undefined, hasLocalTls: boolean): Reach[] {
  const url: Reach[] = reach === 'url' || (reach === 'auto' && hasLocalTls) ? ['cluster-local-url'] : [];
  return [...url, ...(reach !== 'url' && gateway ? [gateway] : [])];
}

/** Deletes what an earlier deployment had and this one has not; ConfigMaps stay, since an older revision may mount them. */
async function removeOthers(
  api: KubernetesApi,
  objects: readonly KubernetesObject[],
  { installation, progress }: { installation: Installation; progress: Progress },
): Promise<void> {
  const applied = new Set(objects.map(keyOf));
  const others = (await inventory(api, installation)).filter(
    (object) => object.kind !== 'ConfigMap' && !applied.has(keyOf(object)),
  );
  await deleteAll(api, others, progress);
  if (others.length > 0) tell(ok('removed', others.map(titleOf).join(', ')));
}

/** By group, not by version: the API server lists an object in the version it was asked for. */
function keyOf({ apiVersion, kind, metadata: { name, namespace = '' } }: KubernetesObject): string {
  return [apiVersion.split('/').at(-2) ?? '', kind, namespace, name].join(' ');
}
