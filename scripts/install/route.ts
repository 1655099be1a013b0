import type { Injection } from '../../function/review/injection.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { waitForReady } from '../kubernetes/ready.ts';
import { commandLine } from '../terminal/command-line.ts';
import { ok, warning } from '../terminal/finding.ts';
import { fixOfCallFailure } from './call-failure.ts';
import type { Changes } from './changes.ts';
import type { Installation } from './installation.ts';
import type { Plan } from './plan.ts';
import { probeReach } from './probe.ts';
import type { Reach } from './reach.ts';
import { caFromOf } from './registration.ts';
import { render } from './render.ts';
import { rollOut } from './rollout.ts';
import { withCallerTokens } from './rotation.ts';
import type { Target } from './target.ts';
import { entriesOf } from './webhook-configuration.ts';

/** A function that is ready, and that the API server reaches. */
export interface Reached {
  /** The webhook configuration that makes the API server call it, not registered yet. */
  webhook: KubernetesObject;
  /** What it calls it for. */
  injections: readonly Injection[];
  /** All that the plan has come to, the webhook configuration included. */
  objects: readonly KubernetesObject[];
}

/**
 * Applies all but the webhook configuration for one way of reaching the function after the other, until the API server
 * reaches it. Throws where it does in none.
 */
export async function reach(
  target: Target,
  plan: Plan,
  { ways, probeNamespace, changes }: { ways: readonly Reach[]; probeNamespace: string; changes: Changes },
): Promise<Reached> {
  const { api, installation, progress, cleanup, report } = target;
  for (const way of ways) {
    const { objects: rendered, injections } = await render({ ...plan, reach: way }, cleanup);
    const objects = plan.rotation ? withCallerTokens(rendered, installation, plan.rotation) : rendered;
    const webhook = objects.find(({ kind }) => kind === 'MutatingWebhookConfiguration');
    const [entry] = webhook ? entriesOf(webhook) : [];
    if (!webhook || !entry) throw new Error('the manifests have no webhooks entry');
    const others = objects.filter((object) => object !== webhook);
    await rollOut(target, others, changes);
    await waitForReady(api, functionOf(installation), progress);
    report('Knative Service', ok(`Knative Service ${installation.name} in ${installation.namespace} is ready`));
    const probe = { ...installation, clientConfig: entry.clientConfig, caFrom: caFromOf(webhook), probeNamespace };
    const probed = await probeReach(api, probe, { progress, cleanup });
    if ('ms' in probed) {
      report('Probe', ok(`${way}: the API server called the function in ${(probed.ms / 1000).toFixed(2)} s`));
      return { webhook, injections, objects };
    }
    report('Probe', warning(`${way}: ${probed.failure}`, fixFor(way, probed.failure)));
  }
  throw new Error('\nThe API server does not reach the function.');
}

/** The function, also where func or kn made it and no manifest is applied. */
export function functionOf({ name, namespace }: Installation): KubernetesObject {
  return { apiVersion: 'serving.knative.dev/v1', kind: 'Service', metadata: { name, namespace } };
}

function fixFor(way: Reach, failure: string): string {
  const everything = `${commandLine('doctor')} checks everything between the API server and the function.`;
  return way === 'cluster-local-url'
    ? 'Most API servers do not resolve cluster DNS: --reach gateway needs none.'
    : [fixOfCallFailure(failure), everything].filter(Boolean).join('\n');
}
