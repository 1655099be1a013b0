import type { V1MutatingWebhookConfiguration } from '@kubernetes/client-node';
import type { KubernetesApi } from '../kubernetes/client.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { read } from '../kubernetes/read.ts';
import { waitFor } from '../kubernetes/wait.ts';
import type { Progress } from '../terminal/progress.ts';
import { fieldManager, type Installation, isOurs } from './installation.ts';

export const webhookConfigurations = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations';

/** Reads an installation's webhook configuration. Throws where the one of its name is somebody else's. */
export async function readRegistered(
  api: KubernetesApi,
  installation: Installation,
): Promise<V1MutatingWebhookConfiguration | undefined> {
  const { name } = installation;
  const found = await read<V1MutatingWebhookConfiguration>(api, `${webhookConfigurations}/${name}`);
  if (!found || isOurs(found, installation)) return found;
  const whose = found.metadata?.labels?.['app.kubernetes.io/instance'] ?? 'somebody else';
  throw new Error(`there is a MutatingWebhookConfiguration ${name} of ${whose}: give another --name`);
}

/**
 * Puts the webhook configuration in the place of the one that is there, and waits for its caBundle. Not by server-side
 * apply: cainjector owns each entry's caBundle, so an entry that is gone would stay behind as that alone.
 */
export async function register(
  api: KubernetesApi,
  configuration: KubernetesObject,
  { installation, progress }: { installation: Installation; progress: Progress },
): Promise<void> {
  const wanted = configuration as unknown as V1MutatingWebhookConfiguration;
  const there = await readRegistered(api, installation);
  const path = `${webhookConfigurations}/${configuration.metadata.name}`;
  const query = `?fieldManager=${fieldManager}&fieldValidation=Strict`;
  if (there) await api.send('PUT', `${path}${query}`, { body: replacing(there, wanted) });
  else await api.send('POST', `${webhookConfigurations}${query}`, { body: wanted });
  await waitForCaBundle(api, path, { caFrom: caFromOf(configuration), progress });
}

/** All entries trust the same CA, so they take over its caBundle: no call fails until cainjector comes by. */
function replacing(
  there: V1MutatingWebhookConfiguration,
  wanted: V1MutatingWebhookConfiguration,
): V1MutatingWebhookConfiguration {
  const caBundle = there.webhooks?.find(({ clientConfig }) => clientConfig.caBundle)?.clientConfig.caBundle;
  const { resourceVersion = '' } = there.metadata ?? {};
  return {
    ...wanted,
    metadata: { ...wanted.metadata, resourceVersion },
    webhooks: (wanted.webhooks ?? []).map((entry) => ({
      ...entry,
      clientConfig: { ...entry.clientConfig, ...(caBundle && { caBundle }) },
    })),
  };
}

/** The Certificate that cainjector takes the caBundle of a webhook configuration from, `namespace/name`. */
export function caFromOf({ metadata }: KubernetesObject): string {
  return (metadata.annotations as Record<string, string> | undefined)?.['cert-manager.io/inject-ca-from'] ?? '';
}

/** Waits until a webhook configuration has its caBundle from cainjector, in every entry. Throws where it is gone. */
export async function waitForCaBundle(
  api: KubernetesApi,
  path: string,
  { caFrom, progress }: { caFrom: string; progress: Progress },
): Promise<void> {
  const look = async () => {
    const configuration = await read<V1MutatingWebhookConfiguration>(api, path);
    if (!configuration) throw new Error(`${path} was deleted meanwhile`);
    const { webhooks = [] } = configuration;
    const isDone = webhooks.length > 0 && webhooks.every(({ clientConfig }) => clientConfig.caBundle);
    return isDone ? { found: true } : { missing: `no caBundle from Certificate ${caFrom} yet` };
  };
  await waitFor('waiting for cainjector', look, { progress, timeoutMs: 60_000 });
}
