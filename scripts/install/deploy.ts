import type { KubernetesApi } from '../kubernetes/client.ts';
import { deleteAndWait } from '../kubernetes/delete.ts';
import { type KubernetesObject, titleOf } from '../kubernetes/object.ts';
import { TimeoutError } from '../kubernetes/wait.ts';
import { type Finding, formatFinding, ok, unknown } from '../terminal/finding.ts';
import type { Progress } from '../terminal/progress.ts';
import { waitForZero } from './function-pods.ts';
import type { Installation } from './installation.ts';
import { inventory } from './inventory.ts';
import { readService } from './knative-service.ts';
import { type Proof, proveSoon } from './probe-pod.ts';
import type { Reach } from './reach.ts';
import { reachFunction } from './reaching.ts';
import { register } from './registration.ts';
import { type Given, isAlwaysWarm, readWanted } from './wanted.ts';
import { entriesOf } from './webhook-configuration.ts';

/** What to deploy, the ways to reach it, and how that is verified. */
export interface Deployment extends Given {
  /** Tried one after the other. */
  ways: readonly Reach[];
  /** Where the gateway's Pods are, unless they are where the manifests have them. */
  gatewayNamespace?: string | undefined;
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
  const { ways, gatewayNamespace, probeNamespace } = options;
  const wanted = { ...(await readWanted(api, installation, options)), ...(gatewayNamespace && { gatewayNamespace }) };
  const course = { installation, probeNamespace, progress, cleanup, tell };
  const { webhook, injections, objects } = await reachFunction(api, wanted, ways, course);
  await register(api, webhook, { installation, progress });
  const names = entriesOf(webhook).map(({ name }) => name);
  tell('Webhook', ok(`${titleOf(webhook)}, entries: ${names.join(', ')}`));
  await removeOthers(api, objects, { installation, progress });
  tellProof('warm', await proveSoon(api, probeNamespace, injections));
  if (!options.cold || isAlwaysWarm(await readService(api, installation))) return 0;
  try {
    await waitForZero(api, installation, progress);
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
    tell('Verification', unknown(`from zero: not tried, the function is busy: ${error.missing}`));
    return 0;
  }
  tellProof('from zero', await proveSoon(api, probeNamespace, injections));
  return 0;
}

function tell(title: string, finding: Finding): void {
  console.log(formatFinding(title, finding));
}

/** Shows that Pods came back with their mounts. Throws an Error where one did not. */
function tellProof(how: string, proof: Proof): void {
  if ('failure' in proof) throw new Error(`not proven, ${how}: ${proof.failure}\nnpm run doctor says what is broken`);
  tell('Verification', ok(`${how}, a dry-run Pod came back with its mount in ${(proof.ms / 1000).toFixed(2)} s`));
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
  if (others.length > 0) tell('Removed', ok(others.map(titleOf).join(', ')));
}

/** By group, not by version: the API server lists an object in the version it was asked for. */
function keyOf({ apiVersion, kind, metadata: { name, namespace = '' } }: KubernetesObject): string {
  return [apiVersion.split('/').at(-2) ?? '', kind, namespace, name].join(' ');
}
