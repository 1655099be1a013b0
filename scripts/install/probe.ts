import { randomUUID } from 'node:crypto';
import type {
  AdmissionregistrationV1WebhookClientConfig as ClientConfig,
  V1MutatingWebhook,
  V1MutatingWebhookConfiguration,
} from '@kubernetes/client-node';
import { ApiError, type KubernetesApi } from '../kubernetes/client.ts';
import { unless } from '../kubernetes/read.ts';
import { type Look, waitFor } from '../kubernetes/wait.ts';
import type { Progress } from '../terminal/progress.ts';
import { type Installation, instanceLabels } from './installation.ts';
import { dryRun, probePod } from './probe-pod.ts';
import { waitForCaBundle, webhookConfigurations } from './registration.ts';

/** Whether the API server reaches the function, and how long the call took; otherwise what it says itself. */
export type Probed = { ms: number } | { failure: string };

interface Probe extends Installation {
  /** Where the API server would call, without a caBundle. */
  clientConfig: ClientConfig;
  /** The Certificate that cainjector takes the caBundle from, `namespace/name`. */
  caFrom: string;
  /** A namespace for the dry run. */
  probeNamespace: string;
}

interface Course {
  progress: Progress;
  cleanup: AsyncDisposableStack;
}

/**
 * Finds out whether the API server reaches the function: by a server-side dry run of a Pod under a webhook configuration
 * of its own with `failurePolicy: Fail`, since under `Ignore` the API server swallows the error. The configuration
 * selects that Pod's unique label alone, and goes away with this call or, where that is interrupted, with `cleanup`.
 * Throws where something else refuses the Pod.
 */
export async function probeReach(api: KubernetesApi, probe: Probe, { progress, cleanup }: Course): Promise<Probed> {
  const id = randomUUID();
  const configuration = temporaryConfiguration(probe, id);
  const path = `${webhookConfigurations}/${configuration.metadata?.name}`;
  const created = api.send('POST', webhookConfigurations, { body: configuration });
  let removal: Promise<unknown> | undefined;
  const remove = async () => {
    // Interrupted while it is being created, it would be there after all.
    removal ??= created.catch(() => {}).then(() => unless(404, api.send('DELETE', path)));
    await removal;
  };
  cleanup.defer(remove);
  try {
    await created;
    await waitForCaBundle(api, path, { caFrom: probe.caFrom, progress });
    return await call(api, { namespace: probe.probeNamespace, id, progress });
  } finally {
    await remove();
  }
}

const label = 'hello-webhook/probe';
const names = { reach: 'reach.hello-webhook.probe', inUse: 'in-use.hello-webhook.probe' };

/**
 * Two entries for the one Pod, called in this order: the function; and nobody, which refuses the Pod and so tells that
 * the API server uses the configuration by now, and that the call before has gone well. Nothing after them has a say.
 */
function temporaryConfiguration(
  { clientConfig, caFrom, ...installation }: Probe,
  id: string,
): V1MutatingWebhookConfiguration {
  const entry = (name: string, config: ClientConfig): V1MutatingWebhook => ({
    name,
    clientConfig: config,
    rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'], scope: 'Namespaced' }],
    objectSelector: { matchLabels: { [label]: id } },
    admissionReviewVersions: ['v1'],
    sideEffects: 'NoneOnDryRun',
    timeoutSeconds: 15,
    failurePolicy: 'Fail',
  });
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: {
      name: `${installation.name}-probe-${id.slice(0, 8)}`,
      labels: instanceLabels(installation),
      annotations: { 'cert-manager.io/inject-ca-from': caFrom },
    },
    webhooks: [entry(names.reach, clientConfig), entry(names.inUse, { url: 'https://127.0.0.1:1/nobody' })],
  };
}

/** A Service or a route that has only just been made takes a moment to lead somewhere. */
const patienceMs = 10_000;

/** Creates the Pod on a dry run until the API server uses the configuration, which it learns of a moment late. */
function call(
  api: KubernetesApi,
  { namespace, id, progress }: { namespace: string; id: string; progress: Progress },
): Promise<Probed> {
  const giveUp = Date.now() + patienceMs;
  const look: Look<Probed> = async () => {
    const started = performance.now();
    const refusal = await refusalOf(dryRun(api, namespace, probePod({ [label]: id })));
    if (refusal === undefined) return { missing: 'it does not use the webhook configuration of the probe yet' };
    if (refusal.includes(`"${names.inUse}"`)) return { found: { ms: performance.now() - started } };
    if (refusal.includes(`"${names.reach}"`)) {
      return Date.now() > giveUp ? { found: { failure: refusal } } : { missing: refusal };
    }
    throw new Error(`a Pod cannot be created in ${namespace}, so try another by --probe-namespace: ${refusal}`);
  };
  return waitFor('asking the API server to call the function', look, { progress, timeoutMs: 30_000 });
}

async function refusalOf(request: Promise<unknown>): Promise<string | undefined> {
  try {
    await request;
    return undefined;
  } catch (error) {
    if (error instanceof ApiError) return error.message;
    throw error;
  }
}
