import type { V1MutatingWebhookConfiguration } from '@kubernetes/client-node';
import type { Installation } from '../../scripts/install/installation.ts';
import type { Reach } from '../../scripts/install/reach.ts';
import { render } from '../../scripts/install/render.ts';
import type { KubernetesApi } from '../../scripts/kubernetes/client.ts';
import { objectPath } from '../../scripts/kubernetes/discovery.ts';
import type { KubernetesObject } from '../../scripts/kubernetes/object.ts';
import { unless } from '../../scripts/kubernetes/read.ts';
import { prepareNamespace } from '../../scripts/local/api-server.ts';
import { createCertificateAuthority } from '../../scripts/local/certificate-authority.ts';

/** What is staged. */
export const installation: Installation = { name: 'hello-webhook', namespace: 'hello-system' };

const dayMs = 24 * 60 * 60 * 1000;
/** As cert-manager issues: for 90 days, to be renewed with 30 of them left. */
export const expiry = new Date(Date.now() + 80 * dayMs).toISOString().slice(0, 10);

const ready = [{ type: 'Ready', status: 'True', lastTransitionTime: new Date().toISOString() }];
const certified = {
  conditions: ready.map((condition) => ({ ...condition, reason: 'Ready', message: '' })),
  notAfter: `${expiry}T00:00:00Z`,
  renewalTime: new Date(Date.now() + 50 * dayMs).toISOString().replace(/\.\d+/, ''),
};

/**
 * The whole chain as it stands in a cluster, on an API server without any controller: what the controllers of Knative,
 * cert-manager and Kubernetes would make and say is written in their place. Tests break it, and `mend` puts it right.
 */
export class StagedChain {
  readonly #api: KubernetesApi;
  readonly #staged = new Map<string, KubernetesObject>();
  readonly #touched = new Set<string>();

  constructor(api: KubernetesApi) {
    this.#api = api;
  }

  /** Stages the chain with the API server reaching the function in this way, over Kourier. */
  async stage(reach: Reach, cleanup: AsyncDisposableStack): Promise<void> {
    for (const name of ['hello-system', 'knative-serving', 'kourier-system', 'cert-manager', 'team-a', 'team-b']) {
      await prepareNamespace(this.#api, name);
    }
    const { cert } = await createCertificateAuthority('hello-webhook-authority');
    const { objects } = await render(
      { ...installation, reach, image: 'registry.test/hello:1', components: ['ensure'] },
      cleanup,
    );
    const rendered = objects.filter(({ kind }) => kind !== 'Namespace').map((object) => withCaBundle(object, cert));
    for (const object of [...platform(cert), ...rendered, ...madeOf(rendered)])
      await this.add(withStatus(object), true);
  }

  /** Creates an object with its status, in the place of one that is there; unless it is staged, `mend` deletes it. */
  async add(object: KubernetesObject, isStaged = false): Promise<void> {
    const path = await objectPath(this.#api, object);
    if (isStaged) this.#staged.set(path, object);
    else this.#touched.add(path);
    await this.#put(path, object);
  }

  /** A merge patch of an object, or of its status. */
  async patch(path: string, body: object, subresource = ''): Promise<void> {
    this.#touched.add(path);
    await this.#api.send('PATCH', `${path}${subresource}`, { body, contentType: 'application/merge-patch+json' });
  }

  async remove(path: string): Promise<void> {
    this.#touched.add(path);
    await this.#api.send('DELETE', path);
  }

  /** Removes what is staged of a kind. */
  async removeAll(kind: string): Promise<void> {
    for (const [path, object] of this.#staged) if (object.kind === kind) await this.remove(path);
  }

  async mend(): Promise<void> {
    for (const path of this.#touched) {
      const object = this.#staged.get(path);
      await (object ? this.#put(path, object) : this.#delete(path));
    }
    this.#touched.clear();
  }

  async #delete(path: string): Promise<void> {
    // At once, since no kubelet is there to stop a Pod.
    await unless(404, this.#api.send('DELETE', `${path}?gracePeriodSeconds=0`));
  }

  async #put(path: string, object: KubernetesObject): Promise<void> {
    await this.#delete(path);
    const { status, ...body } = object;
    await this.#api.send('POST', path.slice(0, path.lastIndexOf('/')), { body });
    if (status) {
      const contentType = 'application/merge-patch+json';
      await this.#api.send('PATCH', `${path}/status`, { body: { status }, contentType });
    }
  }
}

/** What a Deployment looks like that is available. */
function deployment(namespace: string, name: string, labels: Record<string, string>, image: string): KubernetesObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace, name, labels },
    spec: {
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name, image }] } },
    },
    status: { replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 },
  };
}

function configMap(namespace: string, name: string, data: Record<string, string>): KubernetesObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name }, data };
}

/** Knative with Kourier, and cert-manager with the issuer. */
function platform(cert: string): KubernetesObject[] {
  const knative = (name: string) =>
    deployment('knative-serving', name, { 'app.kubernetes.io/version': '1.15.2' }, `knative/${name}`);
  const certManager = (part: string) => {
    const name = part === 'cert-manager' ? part : `cert-manager-${part}`;
    const labels = {
      'app.kubernetes.io/name': part,
      'app.kubernetes.io/instance': 'cert-manager',
      'app.kubernetes.io/version': 'v1.18.0',
    };
    return deployment('cert-manager', name, labels, `cert-manager/${part}`);
  };
  return [
    ...['activator', 'autoscaler', 'controller', 'webhook'].map(knative),
    ...['cert-manager', 'cainjector', 'webhook'].map(certManager),
    configMap('knative-serving', 'config-network', {
      'ingress-class': 'kourier.ingress.networking.knative.dev',
      'cluster-local-domain-tls': 'Enabled',
    }),
    configMap('knative-serving', 'config-certmanager', {
      clusterLocalIssuerRef: 'kind: ClusterIssuer\nname: hello-webhook-issuer\n',
    }),
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: 'kourier-system', name: 'gateway', labels: { app: '3scale-kourier-gateway' } },
      spec: { containers: [{ name: 'gateway', image: 'envoy' }] },
      status: { phase: 'Running', conditions: ready },
    },
    {
      apiVersion: 'cert-manager.io/v1',
      kind: 'ClusterIssuer',
      metadata: { name: 'hello-webhook-issuer' },
      spec: { ca: { secretName: 'hello-webhook-authority' } },
    },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { namespace: 'hello-system', name: 'hello-webhook-ca' },
      data: { 'ca.crt': Buffer.from(cert).toString('base64') },
    },
  ];
}

/** What the controllers make of what is applied. */
function madeOf(rendered: readonly KubernetesObject[]): KubernetesObject[] {
  const service = rendered.find(({ kind, apiVersion }) => kind === 'Service' && apiVersion.startsWith('serving'));
  if (!service) throw new Error('the manifests have no Knative Service');
  const { template } = service.spec as { template: { spec: object } };
  const revision = {
    apiVersion: 'serving.knative.dev/v1',
    kind: 'Revision',
    metadata: { namespace: 'hello-system', name: 'hello-webhook-00001' },
    spec: template.spec,
  };
  const certificate = {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: { namespace: 'hello-system', name: 'route-local' },
    spec: {
      secretName: 'route-local',
      dnsNames: ['hello-webhook.hello-system.svc.cluster.local'],
      issuerRef: { group: 'cert-manager.io', kind: 'ClusterIssuer', name: 'hello-webhook-issuer' },
    },
  };
  const gateway = rendered.find(({ kind, apiVersion }) => kind === 'Service' && apiVersion === 'v1');
  if (!gateway) return [revision, certificate];
  const { name = '', namespace = '' } = gateway.metadata;
  const endpoints = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { namespace, name, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: [{ name: 'https', port: 8443 }],
    endpoints: [{ addresses: ['10.1.1.1'], conditions: { ready: true }, targetRef: { kind: 'Pod', name: 'gateway' } }],
  };
  return [revision, endpoints];
}

function withCaBundle(object: KubernetesObject, cert: string): KubernetesObject {
  if (object.kind !== 'MutatingWebhookConfiguration') return object;
  const { webhooks = [] } = object as unknown as V1MutatingWebhookConfiguration;
  const caBundle = Buffer.from(cert).toString('base64');
  return {
    ...object,
    webhooks: webhooks.map((entry) => ({ ...entry, clientConfig: { ...entry.clientConfig, caBundle } })),
  };
}

function withStatus(object: KubernetesObject): KubernetesObject {
  const statuses: Record<string, object> = {
    Certificate: certified,
    ClusterIssuer: { conditions: certified.conditions },
    DomainMapping: { conditions: ready },
    Revision: { conditions: ready },
    Service: {
      conditions: ready,
      latestReadyRevisionName: 'hello-webhook-00001',
      latestCreatedRevisionName: 'hello-webhook-00001',
    },
  };
  const status = object.apiVersion === 'v1' ? undefined : statuses[object.kind];
  return status ? { ...object, status } : object;
}
