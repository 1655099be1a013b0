import { randomUUID } from 'node:crypto';
import type {
  AdmissionregistrationV1WebhookClientConfig as ClientConfig,
  V1MutatingWebhook,
  V1MutatingWebhookConfiguration,
} from '@kubernetes/client-node';
import type { Progress } from '../command.ts';
import { type Installation, instanceLabels } from './installation.ts';
import { ApiError, type KubernetesApi, read, unless } from './kubernetes-api.ts';
import { dryRun, probePod } from './probe-pod.ts';
import { waitFor } from './wait.ts';

export const webhookConfigurations = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations';

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

/**
 * Finds out whether the API server reaches the function: by a server-side dry run of a Pod under a webhook configuration
 * of its own with `failurePolicy: Fail`, since under `Ignore` the API server swallows the error. The configuration
 * selects that Pod's unique label alone, and goes away with this call or, where that is interrupted, with `cleanup`.
 */
export async function probeReach(
  api: KubernetesApi,
  probe: Probe,
  { progress, cleanup }: { progress: Progress; cleanup: AsyncDisposableStack },
): Promise<Probed> {
  const id = randomUUID();
  const configuration = temporaryConfiguration(probe, id);
  const path = `${webhookConfigurations}/${configuration.metadata?.name}`;
  await using removal = new AsyncDisposableStack();
  let isRemoved = false;
  const created = api.send('POST', webhookConfigurations, { body: configuration });
  const remove = async () => {
    if (isRemoved) return;
    isRemoved = true;
    // Interrupted while it is being created, it would be created after all.
    await created.catch(() => {});
    await unless(404, api.send('DELETE', path));
  };
  removal.defer(remove);
  cleanup.defer(remove);
  await created;
  await waitFor(
    'waiting for cainjector',
    async () => {
      const current = await read<V1MutatingWebhookConfiguration>(api, path);
      if (!current) throw new Error('the webhook configuration of the probe was deleted');
      const { webhooks = [] } = current;
      const [first] = webhooks;
      return first?.clientConfig.caBundle
        ? { found: true }
        : { missing: `no caBundle from Certificate ${probe.caFrom} yet` };
    },
    { progress, timeoutMs: 60_000 },
  );
  await inUse(api, { namespace: probe.probeNamespace, id, progress });
  progress('asking the API server to call the function');
  const started = performance.now();
  try {
    await dryRun(api, probe.probeNamespace, probePod({ [probeLabel]: id }));
    return { ms: performance.now() - started };
  } catch (error) {
    if (error instanceof ApiError) return { failure: error.message };
    throw error;
  } finally {
    progress();
  }
}

const probeLabel = 'hello-webhook/probe';
const inUseLabel = 'hello-webhook/probe-in-use';

function temporaryConfiguration(
  { clientConfig, caFrom, ...installation }: Probe,
  id: string,
): V1MutatingWebhookConfiguration {
  const entry = (name: string, label: string, config: ClientConfig): V1MutatingWebhook => ({
    name: `${name}.hello-webhook.probe`,
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
    webhooks: [
      entry('reach', probeLabel, clientConfig),
      entry('in-use', inUseLabel, { url: 'https://127.0.0.1:1/nobody' }),
    ],
  };
}

/** Waits until the API server uses the configuration, which it learns of a moment late: its other entry, which nobody answers, refuses a Pod then. */
function inUse(
  api: KubernetesApi,
  { namespace, id, progress }: { namespace: string; id: string; progress: Progress },
): Promise<true> {
  const look = async () => {
    try {
      await dryRun(api, namespace, probePod({ [inUseLabel]: id }));
      return { missing: 'it does not use the webhook configuration of the probe yet' };
    } catch (error) {
      if (error instanceof ApiError && error.message.includes('in-use.hello-webhook.probe'))
        return { found: true as const };
      throw error;
    }
  };
  return waitFor('waiting for the API server', look, { progress, timeoutMs: 30_000 });
}
