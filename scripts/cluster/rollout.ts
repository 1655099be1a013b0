import type { V1MutatingWebhookConfiguration, V1Pod } from '@kubernetes/client-node';
import type { Progress } from '../command.ts';
import { type Conditioned, type Installation, instanceSelector, notReady } from './installation.ts';
import { apply, type KubernetesApi, type KubernetesObject, list, objectPath, read, unless } from './kubernetes-api.ts';
import { titleOf } from './manifest.ts';
import { webhookConfigurations } from './probe.ts';
import { waitFor } from './wait.ts';

const fieldManager = 'hello-webhook-deploy';

/** What says by its status whether it is ready, of all that an overlay has. */
const withStatus = new Set(['Certificate', 'DomainMapping', 'Service']);

/**
 * Applies objects server-side, in their order, and waits until each that has a status is ready. A namespace that is
 * somebody else's stays so: it does not get the label by which `undeploy` would take it away. Throws with the reason of
 * what does not become ready.
 */
export async function applyAll(
  api: KubernetesApi,
  objects: readonly KubernetesObject[],
  progress: Progress,
): Promise<void> {
  for (const object of objects) {
    progress(`applying: ${titleOf(object)}`);
    await apply(api, await unlabelled(api, object), { fieldManager, force: true }).catch((error) => {
      throw new Error(`${titleOf(object)}: ${(error as Error).message}`, { cause: error });
    });
  }
  progress();
  for (const object of objects.filter(isWatched)) await becomesReady(api, object, progress);
}

function isWatched({ apiVersion, kind }: KubernetesObject): boolean {
  return withStatus.has(kind) && apiVersion !== 'v1';
}

async function unlabelled(api: KubernetesApi, object: KubernetesObject): Promise<KubernetesObject> {
  if (object.kind !== 'Namespace') return object;
  const there = await read(api, `/api/v1/namespaces/${object.metadata.name}`);
  if (!there || there.metadata.labels?.['app.kubernetes.io/part-of'] === 'hello-webhook') return object;
  const { 'app.kubernetes.io/part-of': _, 'app.kubernetes.io/instance': __, ...labels } = object.metadata.labels ?? {};
  return { ...object, metadata: { ...object.metadata, labels } };
}

/** Above Knative's own deadline for a revision, 120 s in the manifests: its reason says more than ours. */
const readyMs = 180_000;

async function becomesReady(api: KubernetesApi, object: KubernetesObject, progress: Progress): Promise<void> {
  const path = await objectPath(api, object);
  const title = titleOf(object);
  await waitFor(
    `waiting for ${title}`,
    async () => {
      const current = await read<Conditioned>(api, path);
      const missing = notReady(current);
      if (missing === undefined) return { found: true };
      if (hasFailed(current)) throw new Error(`${title} ${missing}`);
      return { missing };
    },
    { progress, timeoutMs: readyMs },
  );
}

/** Whether Knative has given up on the revision: it does not try again before the next change. */
function hasFailed(object: Conditioned | undefined): boolean {
  const failed = object?.status?.conditions?.find(
    ({ reason, status }) => reason === 'RevisionFailed' && status === 'False',
  );
  return failed !== undefined && notReady(object) !== 'has not been looked at by its controller yet';
}

/**
 * Puts the webhook configuration in the place of the one that is there, and waits for its caBundle. Not by server-side
 * apply: cainjector owns each entry's caBundle, so an entry that is gone would stay behind as that alone.
 */
export async function putWebhookConfiguration(
  api: KubernetesApi,
  configuration: KubernetesObject,
  progress: Progress,
): Promise<void> {
  const path = `${webhookConfigurations}/${configuration.metadata.name}`;
  const wanted = configuration as unknown as V1MutatingWebhookConfiguration;
  const there = await read<V1MutatingWebhookConfiguration>(api, path);
  const query = `?fieldManager=${fieldManager}&fieldValidation=Strict`;
  if (!there) await api.send('POST', `${webhookConfigurations}${query}`, { body: wanted });
  else {
    // All entries trust the same authority, so no call fails until cainjector comes by.
    const caBundle = there.webhooks?.find(({ clientConfig }) => clientConfig.caBundle)?.clientConfig.caBundle;
    const webhooks = wanted.webhooks?.map((entry) => ({
      ...entry,
      clientConfig: { ...entry.clientConfig, ...(caBundle && { caBundle }) },
    }));
    const resourceVersion = there.metadata?.resourceVersion;
    await api.send('PUT', `${path}${query}`, {
      body: { ...wanted, metadata: { ...wanted.metadata, resourceVersion }, webhooks },
    });
  }
  await waitFor(
    'waiting for cainjector',
    async () => {
      const { webhooks = [] } = (await read<V1MutatingWebhookConfiguration>(api, path)) ?? {};
      const isTrusting = webhooks.length > 0 && webhooks.every(({ clientConfig }) => clientConfig.caBundle);
      return isTrusting ? { found: true } : { missing: `no caBundle in ${titleOf(configuration)} yet` };
    },
    { progress, timeoutMs: 60_000 },
  );
}

/** Deletes objects, whatever of them is there, and waits until they are gone. */
export async function deleteAll(
  api: KubernetesApi,
  objects: readonly KubernetesObject[],
  progress: Progress,
): Promise<void> {
  for (const object of objects) {
    const path = await objectPath(api, object);
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background' };
    await unless(404, api.send('DELETE', path, { body }));
    await waitFor(
      `deleting ${titleOf(object)}`,
      async () => ((await read(api, path)) ? { missing: 'it is there still' } : { found: true }),
      { progress, timeoutMs: 120_000 },
    );
  }
}

/** The Pods of the function that are there, those on their way out included. */
export function functionPods(api: KubernetesApi, { name, namespace }: Installation): Promise<V1Pod[]> {
  return list<V1Pod>(api, `/api/v1/namespaces/${namespace}/pods?labelSelector=serving.knative.dev%2Fservice%3D${name}`);
}

/** Waits until the function has scaled to zero. */
export async function scaledToZero(api: KubernetesApi, installation: Installation, progress: Progress): Promise<void> {
  await waitFor(
    'waiting until the function has scaled to zero (Ctrl-C skips it)',
    async () => {
      const { length } = await functionPods(api, installation);
      return length === 0 ? { found: true } : { missing: `${length} Pod${length > 1 ? 's' : ''} left` };
    },
    { progress, timeoutMs: 600_000 },
  );
}

/** The objects of an installation of one kind, by its label: `/apis/cert-manager.io/v1/certificates`. */
export function listOurs(api: KubernetesApi, installation: Installation, path: string): Promise<KubernetesObject[]> {
  return list(api, `${path}?labelSelector=${encodeURIComponent(instanceSelector(installation))}`);
}
