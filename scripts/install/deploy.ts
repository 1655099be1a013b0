import type { KubernetesApi } from '../kubernetes/client.ts';
import { type Conditioned, readinessOf } from '../kubernetes/conditions.ts';
import { deleteAndWait } from '../kubernetes/delete.ts';
import { type KubernetesObject, titleOf } from '../kubernetes/object.ts';
import { read } from '../kubernetes/read.ts';
import { TimeoutError, waitFor } from '../kubernetes/wait.ts';
import { type Finding, formatFinding, ok, unknown } from '../terminal/finding.ts';
import type { Progress } from '../terminal/progress.ts';
import { waitForZero } from './function-pods.ts';
import type { Installation } from './installation.ts';
import { inventory } from './inventory.ts';
import { readService } from './knative-service.ts';
import { issuer, readPrerequisites } from './prerequisites.ts';
import { type Proof, proveSoon } from './probe-pod.ts';
import type { Reach } from './reach.ts';
import { reachFunction } from './reaching.ts';
import { register } from './registration.ts';
import { type Given, isAlwaysWarm, readWanted } from './wanted.ts';
import { entriesOf } from './webhook-configuration.ts';

/** What to deploy, which way it is reached, and how that is verified. */
export interface Deployment extends Given {
  reach: 'url' | 'gateway' | 'auto';
  /** Whether it is verified from zero, too, which waits some two minutes for the function to scale down. */
  cold: boolean;
  probeNamespace: string;
}

/** Deploys; the exit status. */
export async function deployTo(
  api: KubernetesApi,
  installation: Installation,
  options: Deployment,
  { progress, cleanup }: { progress: Progress; cleanup: AsyncDisposableStack },
): Promise<number> {
  const { probeNamespace } = options;
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
  try {
    await waitForZero(api, installation, progress);
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
    tell(unknown('proof', `from zero: not tried, the function is busy: ${error.missing}`));
    return 0;
  }
  tellProof('from zero', await proveSoon(api, probeNamespace, injections));
  return 0;
}

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
  await waitForIssuer(api, progress);
  const { findings, gateway, clusterLocalTls } = await readPrerequisites(api);
  const ways = waysOf(reach, gateway?.component, clusterLocalTls.status === 'ok');
  const all = ways.includes('cluster-local-url') || ways.length === 0 ? [...findings, clusterLocalTls] : findings;
  all.forEach(tell);
  const isSound = all.every(({ status }) => status !== 'broken');
  return { ways: isSound ? ways : [], gatewayNamespace: gateway?.namespace };
}

/** An issuer that was applied just now becomes ready within seconds; otherwise the prerequisites say what is wrong with it. */
async function waitForIssuer(api: KubernetesApi, progress: Progress): Promise<void> {
  const look = async () => {
    const readiness = readinessOf(await read<Conditioned>(api, `/apis/cert-manager.io/v1/clusterissuers/${issuer}`));
    const isSettled = readiness.state === 'ready' || readiness.state === 'not found';
    return isSettled ? { found: true } : { missing: readiness.reason };
  };
  await waitFor('waiting for the issuer', look, { progress, timeoutMs: 15_000 }).catch(unlessTimeout);
}

function unlessTimeout(error: unknown): void {
  if (!(error instanceof TimeoutError)) throw error;
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
  for (const object of others) await deleteAndWait(api, object, progress);
  if (others.length > 0) tell(ok('removed', others.map(titleOf).join(', ')));
}

/** By group, not by version: the API server lists an object in the version it was asked for. */
function keyOf({ apiVersion, kind, metadata: { name, namespace = '' } }: KubernetesObject): string {
  return [apiVersion.split('/').at(-2) ?? '', kind, namespace, name].join(' ');
}
