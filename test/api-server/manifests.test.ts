import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
    const changed = nameIn(
      edited('function', {
        'function/base/injections.yaml': (text) => text.replace('/etc/config', '/etc/hello'),
      }),
    );
    expect(original).to.match(/-\w{10}$/);
    expect(changed)
      .to.match(/-\w{10}$/)
      .and.not.to.equal(original);
  });

  for (const overlay of overlays) {
    it(`change namespace, name and image by one edit each: ${overlay}`, () => {
      const place = `overlays/${overlay}`;
      const moved = edited(place, { [settings]: moveTo('elsewhere') });
      expect(JSON.stringify(moved)).to.contain('elsewhere').and.not.to.contain('hello-system');
      expectLabels(moved, 'hello-webhook.elsewhere');
      const renamed = edited(place, { [settings]: renameTo('renamed') });
      expectLabels(renamed, 'renamed.hello-system');
      // What is left is within the namespace, or belongs to the image.
      const left = JSON.stringify(renamed.map(withoutLabels)).match(/[\w./:-]*hello-webhook[\w./:-]*/g) ?? [];
      expect(left.map((name) => name.replace(/injections-\w{10}/, 'injections'))).to.satisfy((names: string[]) =>
        names.every((name) => namesThatStay.has(name)),
      );
      const image = JSON.stringify(
        edited(place, {
          [`${place}/kustomization.yaml`]: (text) =>
            text.replace('ko.local/hello-webhook', 'registry.example.com/mine'),
        }),
      );
      expect(image.includes('registry.example.com/mine:latest')).to.equal(!overlay.endsWith('-webhook'));
    });
  }

  for (const overlay of overlays) {
    it(`make every entry call the function, and be fail-closed, as the first: ${overlay}`, () => {
      const place = `overlays/${overlay}`;
      const { webhooks = [] } = configurationOf(
        edited(place, {
          'webhook/webhook.yaml': addEntry,
          [settings]: (text) => renameTo('renamed')(moveTo('elsewhere')(text)),
          [`${place}/kustomization.yaml`]: addComponent('fail-closed'),
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
    it(`say where the gateway is as the scripts do: ${ingressClass}`, () => {
      const { component, namespace, app } = gatewayOf(`${ingressClass}.ingress.networking.knative.dev`) ?? {};
      const [settings] = readManifest(`manifests/components/${component}/gateway.yaml`);
      expect(settings?.data).to.deep.equal({ namespace, app });
    });
  }

  it('give the function a token with ensure alone', () => {
    const hasToken = (objects: KubernetesObject[]) =>
      objects.find(({ kind }) => kind === 'ServiceAccount')?.automountServiceAccountToken;
    const place = 'overlays/gateway-kourier';
    const withoutEnsure = edited(place, {
      [`${place}/kustomization.yaml`]: (text) => text.replace('  - ../../components/ensure\n', ''),
    });
    expect(hasToken(withoutEnsure)).to.equal(false);
    expect(hasToken(kustomize(`manifests/${place}`))).to.equal(true);
  });

  it("name ensure's role so that it is no other's, such as the built-in role `view`", () => {
    const objects = edited('overlays/gateway-kourier', { [settings]: renameTo('view') });
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

  it("limit ensure's rights to the ConfigMaps of the injections that say `ensure`", () => {
    const ensured = readInjections('manifests/function/base/injections.yaml').filter(({ ensure }) => ensure);
    const [role] = readManifest('manifests/components/ensure/rights.yaml') as (KubernetesObject & V1ClusterRole)[];
    expect(role?.rules?.map(({ resourceNames }) => resourceNames)).to.deep.equal([
      ensured.flatMap(({ volume }) => configMapsOf(volume)),
    ]);
  });

  for (const [component, change] of [
    ['fail-closed', '"failurePolicy":"Fail"'],
    ['always-warm', '"autoscaling.knative.dev/min-scale":"1"'],
  ] as const) {
    it(`can be ${component}`, () => {
      const place = 'overlays/gateway-contour';
      const changed = edited(place, { [`${place}/kustomization.yaml`]: addComponent(component) });
      expect(JSON.stringify(kustomize(`manifests/${place}`))).not.to.contain(change);
      expect(JSON.stringify(changed)).to.contain(change);
    });
  }
});

const namesThatStay = new Set([
  'ko.local/hello-webhook:latest',
  'hello-webhook-injections',
  '/etc/hello-webhook',
  '/etc/hello-webhook/injections.yaml',
  'hello-webhook/inject',
  'hello-webhook-ca',
  'hello-webhook-gateway',
  'hello-webhook-issuer',
  'hello-system/hello-webhook-ca',
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

type Edit = (text: string) => string;

const settings = 'components/settings/settings.yaml';

function moveTo(namespace: string): Edit {
  return (text) => text.replace('  namespace: hello-system', `  namespace: ${namespace}`);
}

function renameTo(name: string): Edit {
  return (text) => text.replace('  name: hello-webhook\n  namespace', `  name: ${name}\n  namespace`);
}

/** To an overlay's kustomization.yaml. */
function addComponent(name: string): Edit {
  return (text) => text.replace('components:\n', `components:\n  - ../../components/${name}\n`);
}

/** To webhook.yaml: one like the first, for another selector. */
function addEntry(text: string): string {
  const configuration = parse(text);
  const [first] = configuration.webhooks;
  const name = first.name.replace('hello.', 'other.');
  const second = { ...first, name, objectSelector: { matchLabels: { other: 'true' } } };
  return stringify({ ...configuration, webhooks: [first, second] }, { aliasDuplicateObjects: false });
}

/** What `kubectl apply -k` would apply. */
function kustomize(directory: string): KubernetesObject[] {
  const { status, stdout, stderr } = spawnSync('kubectl', ['kustomize', directory], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`kubectl kustomize ${directory}: ${stderr}`);
  return parseManifest(stdout, directory);
}

/** The same of a copy of the manifests in which files were edited. */
function edited(directory: string, edits: Record<string, Edit>): KubernetesObject[] {
  const copy = mkdtempSync(join(tmpdir(), 'hello-webhook-test-'));
  try {
    cpSync('manifests', copy, { recursive: true });
    for (const [file, edit] of Object.entries(edits)) {
      writeFileSync(join(copy, file), edit(readFileSync(join(copy, file), 'utf8')));
    }
    return kustomize(join(copy, directory));
  } finally {
    rmSync(copy, { recursive: true });
  }
}
