import { setTimeout as delay } from 'node:timers/promises';
import type { V1MutatingWebhookConfiguration } from '@kubernetes/client-node';
import { webhookConfigurations } from '../../scripts/install/registration.ts';
import type { KubernetesApi } from '../../scripts/kubernetes/client.ts';
import { type Conditioned, readinessOf } from '../../scripts/kubernetes/conditions.ts';
import { list, unless } from '../../scripts/kubernetes/read.ts';

/** The kinds that Knative and cert-manager say to be ready. */
const withReadiness = [
  '/apis/serving.knative.dev/v1/namespaces/hello-system/services',
  '/apis/serving.knative.dev/v1beta1/namespaces/hello-system/domainmappings',
  '/apis/cert-manager.io/v1/namespaces/hello-system/certificates',
];

/**
 * Does what controllers do while `deploy` and `doctor --probe` wait for them, until `signal`: a caBundle for each entry
 * that lacks one, as cainjector gives it, and a condition Ready for what has changed.
 */
export async function playControllers(api: KubernetesApi, caBundle: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await injectCaBundle(api, caBundle);
    for (const path of withReadiness) await sayReady(api, path);
    await delay(50);
  }
}

/** As cainjector does. */
export async function injectCaBundle(api: KubernetesApi, caBundle: string): Promise<void> {
  for (const { metadata, webhooks = [] } of await list<V1MutatingWebhookConfiguration>(api, webhookConfigurations)) {
    if (!metadata?.name?.startsWith('hello-webhook') || webhooks.every(({ clientConfig }) => clientConfig.caBundle))
      continue;
    const trusting = webhooks.map((one) => ({ ...one, clientConfig: { caBundle, ...one.clientConfig } }));
    await patch(api, `${webhookConfigurations}/${metadata.name}`, { webhooks: trusting });
  }
}

async function sayReady(api: KubernetesApi, path: string): Promise<void> {
  for (const object of await list<Conditioned>(api, path)) {
    const { name, generation } = object.metadata;
    if (readinessOf(object).state === 'ready') continue;
    const conditions = [{ type: 'Ready', status: 'True' }];
    await patch(api, `${path}/${name}/status`, { status: { observedGeneration: generation, conditions } });
  }
}

/** Unless it has gone meanwhile. */
async function patch(api: KubernetesApi, path: string, body: object): Promise<void> {
  await unless(404, api.send('PATCH', path, { body, contentType: 'application/merge-patch+json' }));
}
