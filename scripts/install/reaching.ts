import type { Injection } from '../../function/review/injection.ts';
import type { KubernetesApi } from '../kubernetes/client.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { waitForReady } from '../kubernetes/ready.ts';
import { type Finding, ok, warning } from '../terminal/finding.ts';
import type { Progress } from '../terminal/progress.ts';
import type { Installation } from './installation.ts';
import { probeReach } from './probe.ts';
import type { Reach } from './reach.ts';
import { caFromOf } from './registration.ts';
import { render, type Wanted } from './render.ts';
import { applyAll } from './rollout.ts';
import { entriesOf } from './webhook-configuration.ts';

/** A function that is ready, and that the API server reaches. */
export interface Reached {
  /** The webhook configuration that makes the API server call it, not registered yet. */
  webhook: KubernetesObject;
  /** What it calls it for. */
  injections: readonly Injection[];
  /** All that was applied for it. */
  objects: readonly KubernetesObject[];
}

interface Course {
  installation: Installation;
  probeNamespace: string;
  progress: Progress;
  cleanup: AsyncDisposableStack;
  tell: (title: string, finding: Finding) => void;
}

/**
 * Applies all but the webhook configuration in one way of reaching after the other, until the API server reaches the
 * function in one. Throws where it does in none.
 */
export async function reachFunction(
  api: KubernetesApi,
  wanted: Omit<Wanted, 'reach'>,
  ways: readonly Reach[],
  course: Course,
): Promise<Reached> {
  const { installation, probeNamespace, progress, cleanup, tell } = course;
  for (const reach of ways) {
    const { objects, injections } = await render({ ...wanted, reach }, cleanup);
    const webhook = objects.find(({ kind }) => kind === 'MutatingWebhookConfiguration');
    const [entry] = webhook ? entriesOf(webhook) : [];
    if (!webhook || !entry) throw new Error('the manifests have no webhooks entry');
    const rest = objects.filter((object) => object !== webhook);
    await applyAll(api, rest, { installation, progress });
    await waitForReady(api, functionOf(installation), progress);
    tell('Knative Service', ok(`Knative Service ${installation.name} in ${installation.namespace} is ready`));
    const probe = { ...installation, clientConfig: entry.clientConfig, caFrom: caFromOf(webhook), probeNamespace };
    const probed = await probeReach(api, probe, { progress, cleanup });
    if ('ms' in probed) {
      tell('Probe', ok(`${reach}: the API server called the function in ${(probed.ms / 1000).toFixed(2)} s`));
      return { webhook, injections, objects };
    }
    tell('Probe', warning(`${reach}: ${probed.failure}`, hintFor(reach)));
  }
  throw new Error('\nThe API server does not reach the function: the webhook configuration was left as it was.');
}

/** The function, also where func or kn made it and no manifest is applied. */
function functionOf({ name, namespace }: Installation): KubernetesObject {
  return { apiVersion: 'serving.knative.dev/v1', kind: 'Service', metadata: { name, namespace } };
}

function hintFor(reach: Reach): string {
  return reach === 'cluster-local-url'
    ? 'Most API servers do not resolve cluster DNS: --reach gateway needs none.'
    : 'npm run doctor checks what is between the API server and the function.';
}
