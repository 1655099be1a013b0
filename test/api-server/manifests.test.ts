import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import type { V1ClusterRole, V1ConfigMap, V1MutatingWebhookConfiguration } from '@kubernetes/client-node';
import { expect } from 'chai';
import { parse, stringify } from 'yaml';
import { defaultInjections } from '../../function/injections/default-injections.ts';
import { readInjections } from '../../function/injections/load.ts';
import { configMapsOf } from '../../function/review/injection.ts';
import { gatewayOf } from '../../scripts/install/reach.ts';
import { webhookConfiguration } from '../../scripts/install/webhook-configuration.ts';
import { apply } from '../../scripts/kubernetes/apply.ts';
import { parseManifest, readManifest } from '../../scripts/kubernetes/manifest.ts';
import type { KubernetesObject } from '../../scripts/kubernetes/object.ts';
import { prepareNamespace } from '../../scripts/local/api-server.ts';
import { installDefinitions, requireKubectl } from '../support/definitions.ts';
import { describeOnApiServer, refusal } from './cluster.ts';

/** Knative 1.15, the oldest that these manifests are for, and a new one. */
const servings = ['knative.dev/serving@v0.42.2', 'knative.dev/serving@v0.51.0'];
const overlays = readdirSync('manifests/overlays');
const gatewayNamespaces: Record<string, string> = {
  'gateway-contour': 'contour-external',
  'gateway-istio': 'istio-system',
  'gateway-kourier': 'kourier-system',
};
const applied = { fieldManager: 'test', dryRun: true };

for (const serving of servings) {
  describeOnApiServer(`manifests, with the real definitions of ${serving} and its cert-manager`, (cluster) => {
    before(async function () {
      await installDefinitions(this, cluster, serving);
      for (const namespace of [
        'hello-system',
        'cert-manager',
        'knative-serving',
        'kourier-system',
        'contour-external',
        'istio-system',
      ]) {
        await prepareNamespace(cluster.api, namespace);
      }
    });

    for (const directory of [
      ...overlays.map((name) => `overlays/${name}`),
      'platform/issuer',
      'platform/cluster-local-tls',
      'demo',
    ]) {
      it(`${directory} is taken by server-side validation`, async () => {
        const objects = kustomize(`manifests/${directory}`);
        for (const object of objects) await apply(cluster.api, object, applied);
        expect(objects).not.to.have.length(0);
      });
    }

    it('an overlay outside the tree, with other names, injections and entries, is taken by server-side validation', async () => {
      await prepareNamespace(cluster.api, 'platform-hooks');
      const objects = outside({
        overlay: 'gateway-kourier',
        settings: { name: 'file-injector', namespace: 'platform-hooks' },
        components: ['ensure', 'fail-closed', 'always-warm'],
        entries: [{ name: 'other', objectSelector: { matchLabels: { other: 'true' } } }],
        injections: { injections: [] },
      });
      for (const object of objects) await apply(cluster.api, object, applied);
      const [injections] = objects.filter(({ metadata }) => metadata.name?.startsWith('hello-webhook-injections'));
      expect(injections).to.have.nested.property('metadata.namespace', 'platform-hooks');
      expect(injections).to.have.nested.property('data.injections\\.yaml', 'injections: []\n');
    });

    it('a field that nobody knows would be seen', async () => {
      const [object] = kustomize('manifests/overlays/gateway-kourier').filter(({ kind }) => kind === 'DomainMapping');
      if (!object) throw new Error('the overlay has no DomainMapping');
      const misspelt = { ...object, spec: { ...(object.spec as object), reff: {} } };
      expect((await refusal(apply(cluster.api, misspelt, applied))).message).to.contain('reff');
    });
  });
}

describeOnApiServer("Knative's configuration", (cluster) => {
  before(async function () {
    requireKubectl(this);
    await prepareNamespace(cluster.api, 'knative-serving');
  });

  it('keeps the keys that are not ours; ours are taken from another manager, by force alone', async () => {
    const collection = '/api/v1/namespaces/knative-serving/configmaps';
    const _example = '# …';
    const configMaps = [
      {
        name: 'config-network',
        key: 'cluster-local-domain-tls',
        others: { 'ingress-class': 'kourier.ingress.networking.knative.dev', _example },
      },
      { name: 'config-certmanager', key: 'clusterLocalIssuerRef', others: { issuerRef: 'name: theirs', _example } },
    ];
    for (const { name, key, others } of configMaps) {
      const data = { ...others, [key]: 'Disabled' };
      await cluster.api.send('POST', collection, {
        body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data },
      });
    }
    const file = 'manifests/platform/cluster-local-tls/kustomization.yaml';
    const [command = ''] = /kubectl apply .*/.exec(readFileSync(file, 'utf8')) ?? [];
    const errorOf = (commandLine: string) => {
      const env = { ...process.env, KUBECONFIG: cluster.server.kubeconfig };
      return spawnSync('sh', ['-c', commandLine], { env, encoding: 'utf8' }).stderr;
    };
    const refused = errorOf(command.replace(' --force-conflicts', ''));
    for (const { key } of configMaps) expect(refused).to.contain(`.data.${key}`);
    expect(errorOf(command)).to.equal('');
    for (const { name, key, others } of configMaps) {
      const { object } = await cluster.api.send<V1ConfigMap>('GET', `${collection}/${name}`);
      const { [key]: ours, ...kept } = object.data ?? {};
      expect(ours).not.to.equal('Disabled');
      expect(kept).to.deep.equal(others);
    }
  });
});

describe('manifests', () => {
  before(function () {
    requireKubectl(this);
  });

  it('ask the function for each injection of theirs, in the way that the scripts do', () => {
    const injections = readInjections('manifests/function/base/injections.yaml');
    const target = { name: 'hello-webhook', url: '', caCert: '' };
    const wanted = webhookConfiguration(target, injections).webhooks ?? [];
    const { webhooks: entries = [] } = configurationOf(readManifest('manifests/webhook/webhook.yaml'));
    expect(entries.map(({ name, rules, objectSelector }) => ({ name, rules, objectSelector }))).to.deep.equal(
      wanted.map(({ name, rules, objectSelector }) => ({ name, rules, objectSelector })),
    );
  });

  it('hold the default configuration, and have its ConfigMap copied', () => {
    const ensured = defaultInjections.map((injection) => ({ ...injection, ensure: true }));
    expect(readInjections('manifests/function/base/injections.yaml')).to.deep.equal(ensured);
  });

  it('make a new revision of a changed configuration: its name in the Service carries its hash', () => {
    const nameIn = (objects: KubernetesObject[]) => {
      const text = JSON.stringify(
        objects.find(({ kind, apiVersion }) => kind === 'Service' && apiVersion.startsWith('serving')),
      );
      return /"configMap":\{"name":"(hello-webhook-injections-\w+)"/.exec(text)?.[1];
    };
    const original = nameIn(kustomize('manifests/function'));
    const hello = parse(readFileSync('manifests/function/base/injections.yaml', 'utf8'));
    hello.injections[0].mount.mountPath = '/etc/hello';
    const changed = nameIn(outside({ overlay: 'gateway-kourier', injections: hello }));
    expect(original).to.match(/-\w{10}$/);
    expect(changed)
      .to.match(/-\w{10}$/)
      .and.not.to.equal(original);
  });

  for (const overlay of overlays) {
    it(`have every name changed by an overlay outside the tree, with ensure's, too: ${overlay}`, () => {
      const components = ['ensure', 'fail-closed', ...(overlay.endsWith('-webhook') ? [] : ['always-warm'])];
      const names = { name: 'file-injector', namespace: 'platform-hooks' };
      const objects = outside({ overlay, settings: names, components, image: 'registry.example.com/mine' });
      expectLabels(objects, 'file-injector.platform-hooks');
      expect(JSON.stringify(objects)).not.to.contain('hello-system');
      // What is left is within the namespace, or belongs to the image.
      const left = JSON.stringify(objects.map(withoutLabels)).match(/[\w./:-]*hello-webhook[\w./:-]*/g) ?? [];
      expect(left.map((name) => name.replace(/injections-\w{10}/, 'injections'))).to.satisfy((names: string[]) =>
        names.every((name) => namesThatStay.has(name)),
      );
      const isImageSet = JSON.stringify(objects).includes('registry.example.com/mine');
      expect(isImageSet).to.equal(!overlay.endsWith('-webhook'));
      const [account] = objects.filter(({ kind }) => kind === 'ServiceAccount');
      expect(account).to.deep.include({ automountServiceAccountToken: true });
      const [binding] = objects.filter(({ kind }) => kind === 'ClusterRoleBinding');
      expect(binding?.subjects).to.deep.equal([
        { kind: 'ServiceAccount', name: 'file-injector', namespace: 'platform-hooks' },
      ]);
    });
  }

  for (const overlay of overlays) {
    it(`make every entry call the function, and be fail-closed, as the first: ${overlay}`, () => {
      const { webhooks = [] } = configurationOf(
        outside({
          overlay,
          settings: { name: 'renamed', namespace: 'elsewhere' },
          components: ['fail-closed'],
          entries: [{ name: 'other', objectSelector: { matchLabels: { other: 'true' } } }],
        }),
      );
      const [first, second] = webhooks;
      const namespace = gatewayNamespaces[overlay.replace(/-webhook$/, '')];
      expect(first).to.deep.include({
        name: 'hello.renamed.elsewhere.svc',
        failurePolicy: 'Fail',
        clientConfig: namespace
          ? { service: { name: 'renamed', namespace, path: '/mutate' } }
          : { url: 'https://renamed.elsewhere.svc.cluster.local/mutate' },
      });
      expect(second).to.deep.equal({
        ...first,
        name: 'other.renamed.elsewhere.svc',
        objectSelector: { matchLabels: { other: 'true' } },
      });
    });
  }

  for (const overlay of overlays.filter((name) => name.endsWith('-webhook'))) {
    it(`leave nothing but the Knative Service to func and kn, and name for them what it needs: ${overlay}`, () => {
      const names = (objects: KubernetesObject[]) =>
        objects.map(({ apiVersion, kind, metadata }) => `${apiVersion} ${kind} ${metadata.namespace}/${metadata.name}`);
      const whole = names(kustomize(`manifests/overlays/${overlay.replace(/-webhook$/, '')}`));
      const service = 'serving.knative.dev/v1 Service hello-system/hello-webhook';
      expect(whole).to.include(service);
      expect(names(kustomize(`manifests/overlays/${overlay}`))).to.have.members(
        whole
          .filter((name) => name !== service)
          .map((name) => name.replace(/hello-webhook-injections-\w{10}$/, 'hello-webhook-injections')),
      );
    });
  }

  for (const ingressClass of ['kourier', 'gateway-api', 'istio']) {
    it(`say where the gateway is: ${ingressClass}`, () => {
      const gateway = gatewayOf(`${ingressClass}.ingress.networking.knative.dev`);
      expect(gateway?.namespace).to.equal(gatewayNamespaces[gateway?.component ?? '']);
      expect(gateway?.app).to.match(/^[\w-]+$/);
    });
  }

  it('give the function a token with ensure alone', () => {
    const hasToken = (objects: KubernetesObject[]) =>
      objects.find(({ kind }) => kind === 'ServiceAccount')?.automountServiceAccountToken;
    expect(hasToken(outside({ overlay: 'gateway-kourier', components: [] }))).to.equal(false);
    expect(hasToken(kustomize('manifests/overlays/gateway-kourier'))).to.equal(true);
  });

  it("name ensure's role so that it is no other's, such as the built-in role `view`", () => {
    const objects = outside({
      overlay: 'gateway-kourier',
      settings: { name: 'view', namespace: 'hello-system' },
      components: ['ensure'],
    });
    const roles = objects.filter(({ apiVersion }) => apiVersion.startsWith('rbac.authorization.k8s.io/'));
    expect(roles.map(({ kind, metadata, roleRef }) => ({ kind, name: metadata.name, roleRef }))).to.deep.equal([
      { kind: 'ClusterRole', name: 'view:ensure', roleRef: undefined },
      {
        kind: 'ClusterRoleBinding',
        name: 'view:ensure',
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view:ensure' },
      },
    ]);
  });

  it("limit ensure's permissions to the ConfigMaps of the injections that say `ensure`", () => {
    const ensured = readInjections('manifests/function/base/injections.yaml').filter(({ ensure }) => ensure);
    const [role] = readManifest('manifests/components/ensure/permissions.yaml') as (KubernetesObject & V1ClusterRole)[];
    expect(role?.rules?.map(({ resourceNames }) => resourceNames)).to.deep.equal([
      ensured.flatMap(({ volume }) => configMapsOf(volume)),
    ]);
  });

  for (const [component, change] of [
    ['fail-closed', '"failurePolicy":"Fail"'],
    ['always-warm', '"autoscaling.knative.dev/min-scale":"1"'],
  ] as const) {
    it(`can be ${component}`, () => {
      const changed = outside({ overlay: 'gateway-contour', components: [component] });
      expect(JSON.stringify(kustomize('manifests/overlays/gateway-contour'))).not.to.contain(change);
      expect(JSON.stringify(changed)).to.contain(change);
    });
  }
});

const namesThatStay = new Set([
  'hello-webhook-injections',
  '/etc/hello-webhook',
  '/etc/hello-webhook/injections.yaml',
  'hello-webhook/inject',
  'hello-webhook-ca',
  'hello-webhook-gateway',
  'hello-webhook-issuer',
  'platform-hooks/hello-webhook-ca',
]);

/** The labels by which the objects of an installation are found. */
function expectLabels(objects: KubernetesObject[], instance: string): void {
  for (const { kind, metadata } of objects) {
    expect(metadata.labels, kind).to.include({
      'app.kubernetes.io/part-of': 'hello-webhook',
      'app.kubernetes.io/instance': instance,
    });
  }
}

function withoutLabels({ metadata: { labels: _, ...metadata }, ...object }: KubernetesObject): KubernetesObject {
  return { ...object, metadata } as KubernetesObject;
}

function configurationOf(objects: KubernetesObject[]): V1MutatingWebhookConfiguration {
  const configuration = objects.find(({ kind }) => kind === 'MutatingWebhookConfiguration');
  if (!configuration) throw new Error('there is no MutatingWebhookConfiguration');
  return configuration as KubernetesObject & V1MutatingWebhookConfiguration;
}

/** What `kubectl apply -k` would apply. */
function kustomize(directory: string): KubernetesObject[] {
  const { status, stdout, stderr } = spawnSync('kubectl', ['kustomize', directory], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`kubectl kustomize ${directory}: ${stderr}`);
  return parseManifest(stdout, directory);
}

interface Outside {
  /** Whose resources and way of reaching it has. */
  overlay: string;
  settings?: { name: string; namespace: string };
  components?: string[];
  injections?: object;
  image?: string;
  /** Further webhooks entries: what they have other than the first. */
  entries?: { name: string; objectSelector: object }[];
}

/** What is made of an overlay outside the tree, such as a person keeps: own names, own entries, the rest by path. */
function outside(one: Outside): KubernetesObject[] {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'hello-webhook-test-')));
  const base = relative(directory, realpathSync('manifests'));
  const write = (file: string, content: object) => {
    mkdirSync(dirname(join(directory, file)), { recursive: true });
    writeFileSync(join(directory, file), stringify(content, { aliasDuplicateObjects: false }));
  };
  try {
    const { settings = { name: 'hello-webhook', namespace: 'hello-system' }, components = [], entries = [] } = one;
    const [, gateway] = /^gateway-(\w+)/.exec(one.overlay) ?? [];
    const [configMap] = readManifest('manifests/settings/settings.yaml');
    write('settings.yaml', { ...configMap, data: settings });
    write('injections.yaml', one.injections ?? {});
    // A folder of its own, so that the entries are there before the components, which complete them.
    const [template] = configurationOf(readManifest('manifests/webhook/webhook.yaml')).webhooks ?? [];
    write('webhook/kustomization.yaml', {
      resources: [`../${base}/webhook`],
      patches: entries.map(({ name, objectSelector }) => ({
        target: { kind: 'MutatingWebhookConfiguration' },
        patch: JSON.stringify([
          {
            op: 'add',
            path: '/webhooks/-',
            value: { ...template, name: `${name}.hello-webhook.hello-system.svc`, objectSelector },
          },
        ]),
      })),
    });
    write('kustomization.yaml', {
      resources: [
        `${base}/function${one.overlay.endsWith('-webhook') ? '/base' : ''}`,
        'webhook',
        'settings.yaml',
        ...(gateway ? [`${base}/gateways/${gateway}`] : []),
      ],
      components: ['names', gateway ? 'gateway' : 'cluster-local-url', ...components].map(
        (component) => `${base}/components/${component}`,
      ),
      ...(one.injections && {
        configMapGenerator: [
          {
            name: 'hello-webhook-injections',
            namespace: 'hello-system',
            behavior: 'replace',
            files: ['injections.yaml'],
          },
        ],
      }),
      ...(one.image && { images: [{ name: 'hello-webhook', newName: one.image }] }),
    });
    return kustomize(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
