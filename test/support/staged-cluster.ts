import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CoreV1Event, V1MutatingWebhookConfiguration } from '@kubernetes/client-node';
import { fieldManager } from '../../function/copies/copy.ts';
import { callerTokensSecretOf } from '../../scripts/install/caller-tokens.ts';
import { defaultInstallation as installation } from '../../scripts/install/installation.ts';
import type { KnativeService } from '../../scripts/install/knative-service.ts';
import type { Wanted } from '../../scripts/install/overlay.ts';
import type { Reach } from '../../scripts/install/reach.ts';
import { render } from '../../scripts/install/render.ts';
import { apply } from '../../scripts/kubernetes/apply.ts';
import type { KubernetesApi } from '../../scripts/kubernetes/client.ts';
import { objectPath } from '../../scripts/kubernetes/discovery.ts';
import { readManifest } from '../../scripts/kubernetes/manifest.ts';
import type { KubernetesObject } from '../../scripts/kubernetes/object.ts';
import { read, unless } from '../../scripts/kubernetes/read.ts';
import { prepareNamespace } from '../../scripts/local/api-server.ts';
import { type CertificateAuthority, createCertificateAuthority } from '../../scripts/local/certificate-authority.ts';
import type { Cluster } from '../api-server/cluster.ts';
import { installDefinitions } from './definitions.ts';

/** What the API server calls the function with. */
export const callerToken = 'swordfish'.repeat(8);

const files = join(import.meta.dirname, 'staged-cluster');

/** An object as a fixture has it: created, or where it is there patched by what is given; with `$patch: delete` deleted. */
export type StagedObject = KubernetesObject & { $patch?: 'delete' };

/**
 * All that a cluster has where the webhook is deployed, on an API server without any controller: what the controllers of
 * Knative, cert-manager and Kubernetes would make and say is written in their place, from YAML. Tests change it, and
 * `restore` undoes that.
 */
export class StagedCluster {
  readonly #api: KubernetesApi;
  #ca: CertificateAuthority | undefined;
  #caBundle = '';
  /** Each object that is staged, by its path, as it was read then. */
  #staged = new Map<string, KubernetesObject>();
  readonly #changed = new Set<string>();
  /** The labels that namespaces were given, by the paths of those. */
  readonly #labelled = new Map<string, string[]>();

  constructor(api: KubernetesApi) {
    this.#api = api;
  }

  /** The CA that the caBundle is of. */
  get ca(): CertificateAuthority {
    if (!this.#ca) throw new Error('the cluster is not staged yet');
    return this.#ca;
  }

  /** Stages the cluster with the API server reaching the function in this way, by a caller's token unless `token` is null. */
  async stage(reach: Reach, cleanup: AsyncDisposableStack, token: string | null = callerToken): Promise<void> {
    this.#ca = await createCertificateAuthority('hello-webhook-authority');
    this.#caBundle = Buffer.from(this.#ca.cert).toString('base64');
    await this.apply(readManifest(join(files, 'platform.yaml')));
    const injections = readFileSync(join(files, 'injections.yaml'), 'utf8');
    const image = 'registry.test/hello:1';
    const components: Wanted['components'] = ['ensure'];
    const wanted = { ...installation, reach, image, injections, components, ...(token && { callerToken: token }) };
    const { objects } = await render(wanted, cleanup);
    await this.apply(objects);
    if (token) await this.apply([callerTokensSecretOf(installation, { tokens: [token], isOpen: false })]);
    const ca = { namespace: 'hello-system', name: 'hello-webhook-ca' };
    await this.apply([
      { apiVersion: 'v1', kind: 'Secret', metadata: ca, data: { 'ca.crt': this.#caBundle } },
      revisionOf(await this.#service()),
      ...readManifest(join(files, `${reach}.yaml`)),
    ]);
    const staged = await Promise.all(
      [...this.#changed].map(async (path) => [path, await read(this.#api, path)] as const),
    );
    this.#staged = new Map(staged.flatMap(([path, object]) => (object ? [[path, object]] : [])));
    this.#changed.clear();
  }

  /** Creates, patches or deletes objects one after the other, each with its status. */
  async apply(objects: readonly StagedObject[]): Promise<void> {
    for (const object of objects) await this.#applyOne(object);
  }

  /** Puts this text in the place of the injections that are deployed. */
  async deployInjections(text: string): Promise<void> {
    const { namespace } = installation;
    const name = (await this.#service()).spec.template.spec.volumes?.[0]?.configMap?.name ?? '';
    const data = { 'injections.yaml': text };
    await this.apply([{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name }, data }]);
  }

  async restore(): Promise<void> {
    for (const path of this.#changed) {
      await this.#delete(path);
      const object = this.#staged.get(path);
      if (object) await this.#create(path, withoutServerFields(object));
    }
    this.#changed.clear();
    for (const [path, labels] of this.#labelled) {
      const none = Object.fromEntries(labels.map((label) => [label, null]));
      await this.#patchPart(path, { apiVersion: 'v1' }, { metadata: { labels: none } });
    }
    this.#labelled.clear();
  }

  async #applyOne({ $patch, ...object }: StagedObject): Promise<void> {
    const path = await objectPath(this.#api, object);
    if (object.kind === 'Namespace') return this.#prepare(path, object);
    this.#changed.add(path);
    if ($patch === 'delete') return this.#delete(path);
    const trusting = withCaBundle(await this.#withUid(object), this.#caBundle);
    if (await read(this.#api, path)) await this.#patch(path, trusting);
    else await this.#create(path, trusting);
  }

  /** An Event is of the very object that is there, unless another uid is given. */
  async #withUid(object: KubernetesObject): Promise<KubernetesObject> {
    const { involvedObject } = object as Partial<CoreV1Event>;
    if (object.kind !== 'Event' || !involvedObject) return object;
    const { apiVersion = '', kind = '', namespace, name } = involvedObject;
    const path = await objectPath(this.#api, { apiVersion, kind, metadata: { namespace, name } } as KubernetesObject);
    const uid = (await read(this.#api, path))?.metadata.uid;
    return { ...object, involvedObject: { ...(uid !== undefined && { uid }), ...involvedObject } };
  }

  /** A namespace stays, for nobody is there who would end its deletion; its labels go. */
  async #prepare(path: string, object: KubernetesObject): Promise<void> {
    const { name = '', labels = {} } = object.metadata;
    await prepareNamespace(this.#api, name);
    // Its own labels would keep the tests' Pods out of it.
    if (name === installation.namespace) return;
    await this.#patchPart(path, object, { metadata: { labels } });
    this.#labelled.set(path, Object.keys(labels));
  }

  async #create(path: string, { status, ...object }: KubernetesObject): Promise<void> {
    const collection = path.slice(0, path.lastIndexOf('/'));
    const { labels, ...metadata } = object.metadata;
    // What the function copies is applied as it does. A Pod gets its labels once it is there, so that no webhook is called for it.
    if (object.kind === 'Pod') {
      await this.#api.send('POST', collection, { body: { ...object, metadata } });
      await this.#patch(path, { ...object, metadata: { labels: labels ?? {} }, spec: {} });
    } else if (labels?.['app.kubernetes.io/managed-by'] === fieldManager)
      await apply(this.#api, object, { fieldManager });
    else await this.#api.send('POST', collection, { body: object });
    if (status) await this.#patchPart(`${path}/status`, object, { status });
  }

  async #patch(path: string, { status, apiVersion, kind, ...rest }: KubernetesObject): Promise<void> {
    await this.#patchPart(path, { apiVersion }, rest);
    if (status) await this.#patchPart(`${path}/status`, { apiVersion }, { status });
  }

  /** As kubectl does: by names within lists where the kind is built in, otherwise a list as a whole; null removes a field. */
  async #patchPart(path: string, { apiVersion }: { apiVersion: string }, body: object): Promise<void> {
    const isBuiltIn = !apiVersion.includes('.') || apiVersion.includes('.k8s.io/');
    const contentType = `application/${isBuiltIn ? 'strategic-merge' : 'merge'}-patch+json`;
    await this.#api.send('PATCH', path, { body, contentType });
  }

  async #delete(path: string): Promise<void> {
    // At once, since no kubelet is there to stop a Pod.
    await unless(404, this.#api.send('DELETE', `${path}?gracePeriodSeconds=0`));
  }

  async #service(): Promise<KnativeService> {
    const { name, namespace } = installation;
    const path = `/apis/serving.knative.dev/v1/namespaces/${namespace}/services/${name}`;
    return (await this.#api.send<KnativeService>('GET', path)).object;
  }
}

/** What Knative makes of the Service first. */
function revisionOf({ metadata: { name }, spec }: KnativeService): KubernetesObject {
  return {
    apiVersion: 'serving.knative.dev/v1',
    kind: 'Revision',
    metadata: { namespace: installation.namespace, name: `${name}-00001` },
    spec: spec.template.spec,
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  };
}

/** What cainjector does: each entry gets the caBundle, unless one is given, or null for none. */
function withCaBundle(object: KubernetesObject, caBundle: string): KubernetesObject {
  const { metadata, webhooks } = object as Partial<V1MutatingWebhookConfiguration>;
  if (object.kind !== 'MutatingWebhookConfiguration' || metadata?.name !== installation.name || !webhooks)
    return object;
  return {
    ...object,
    webhooks: webhooks.map((entry) => ({ ...entry, clientConfig: { caBundle, ...entry.clientConfig } })),
  };
}

const serverFields = ['uid', 'resourceVersion', 'creationTimestamp', 'generation', 'managedFields'];

function withoutServerFields(object: KubernetesObject): KubernetesObject {
  const own = Object.entries(object.metadata).filter(([field]) => !serverFields.includes(field));
  return { ...object, metadata: Object.fromEntries(own) };
}

/** The cluster that is staged for the tests of a `describe`, and is as it was after each of them. */
export function stageCluster(cluster: Cluster, way: Reach): () => StagedCluster {
  const cleanup = new AsyncDisposableStack();
  let staged: StagedCluster | undefined;
  before(async function () {
    await installDefinitions(this, cluster);
    staged = new StagedCluster(cluster.api);
    await staged.stage(way, cleanup);
  });
  afterEach(() => staged?.restore());
  after(() => cleanup.disposeAsync());
  return () => staged as StagedCluster;
}
