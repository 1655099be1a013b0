import type {
  V1ClusterRole,
  V1ClusterRoleBinding,
  V1CronJob,
  V1NetworkPolicy,
  V1NetworkPolicyPeer,
} from '@kubernetes/client-node';
import { expect } from 'chai';
import { stringify } from 'yaml';
import { parseInjections } from '../../function/injections/load.ts';
import { callerTokensSecret, segmentsOf } from '../../scripts/install/caller-tokens.ts';
import { checkOverlay } from '../../scripts/install/check-overlay.ts';
import { defaultInstallation, type Installation, instanceLabels } from '../../scripts/install/installation.ts';
import type { KnativeService } from '../../scripts/install/knative-service.ts';
import { overlayFor, type Wanted } from '../../scripts/install/overlay.ts';
import { render } from '../../scripts/install/render.ts';
import { writeFiles } from '../../scripts/install/rendered-files.ts';
import { entriesOf } from '../../scripts/install/webhook-configuration.ts';
import type { KubernetesObject } from '../../scripts/kubernetes/object.ts';
import { requireKubectl } from '../support/definitions.ts';
import { gatewayNamespaces, injections, kustomized, OutsideFolder, overlays, webhooks } from '../support/overlay.ts';

const installations = [
  { name: 'hello-webhook', namespace: 'hello-system' },
  { name: 'file-injector', namespace: 'platform-hooks' },
];
const optional = ['ensure', 'sync', 'fail-closed', 'always-warm', 'network-policy'] as const;
const text = stringify(injections);
const image = 'registry.example.com/mine:v1';
const callerToken = 'swordfish'.repeat(8);

describe('an overlay as it is rendered', () => {
  before(function () {
    requireKubectl(this);
  });

  for (const reach of overlays) {
    for (const installation of installations) {
      it(`has its names, and what is optional, wherever they belong: ${reach}, ${installation.name}`, async () => {
        await using cleanup = new AsyncDisposableStack();
        const rendered = subsetsOf(optional).map(async (components) => {
          const wanted: Wanted = { ...installation, reach, image, components, injections: text };
          expectRendered((await render(wanted, cleanup)).objects, wanted);
        });
        await Promise.all(rendered);
      });

      it(`leaves its Knative Service to func and kn: ${reach}, ${installation.name}`, async () => {
        await using cleanup = new AsyncDisposableStack();
        const rendered = subsetsOf(['ensure', 'fail-closed'] as const).map(async (components) => {
          const wanted: Wanted = { ...installation, reach, image: undefined, components, injections: text };
          expectRendered((await render(wanted, cleanup)).objects, wanted);
        });
        await Promise.all(rendered);
      });
    }

    it(`lets an entry have a namespaceSelector and a path of its own: ${reach}`, async () => {
      await using cleanup = new AsyncDisposableStack();
      const folder = new OutsideFolder(cleanup);
      const isByUrl = reach === 'cluster-local-url';
      const own = {
        name: 'team',
        objectSelector: {},
        namespaceSelector: {
          matchLabels: { team: 'a' },
          matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['hello-system', 'b'] }],
        },
        clientConfig: isByUrl ? { url: 'https://HOST/mutate/team' } : { service: { path: '/mutate/team' } },
      };
      folder.writeOverlay({
        resources: [folder.manifest(`overlays/${reach}`)],
        transformers: [folder.manifest(`transformers/${isByUrl ? reach : 'gateway'}`)],
      });
      folder.write('webhooks.yaml', webhooks([{ name: 'plain', objectSelector: {} }, own]));
      const [plain, team] = (await kustomized(folder.path)).flatMap(entriesOf);
      const namespace = gatewayNamespaces[reach];
      const clientConfigFor = (path: string) =>
        isByUrl
          ? { url: `https://file-injector.platform-hooks.svc.cluster.local${path}` }
          : { service: { name: 'file-injector', namespace, path } };
      expect(plain?.clientConfig).to.deep.equal(clientConfigFor('/mutate'));
      expect(team).to.deep.equal({
        ...plain,
        name: 'team.file-injector.platform-hooks.svc',
        clientConfig: clientConfigFor('/mutate/team'),
        namespaceSelector: {
          ...own.namespaceSelector,
          matchExpressions: [
            ...own.namespaceSelector.matchExpressions,
            ...(plain?.namespaceSelector?.matchExpressions ?? []),
          ],
        },
      });
    });

    it(`puts a caller's token before whatever path an entry calls: ${reach}`, async () => {
      await using cleanup = new AsyncDisposableStack();
      const folder = new OutsideFolder(cleanup);
      const isByUrl = reach === 'cluster-local-url';
      const calling = (path: string) => ({
        clientConfig: isByUrl ? { url: `https://HOST${path}` } : { service: { path } },
      });
      folder.writeOverlay({
        resources: [folder.manifest(`overlays/${reach}`)],
        configMapGenerator: [
          { name: 'hello-webhook-settings', behavior: 'merge', literals: [`path=mutate/${callerToken}`] },
          { name: 'hello-webhook-injections', behavior: 'merge', files: ['injections.yaml'] },
        ],
        transformers: [folder.manifest(`transformers/${isByUrl ? reach : 'gateway'}`)],
      });
      const entries = [
        { name: 'plain', objectSelector: {} },
        { name: 'team', objectSelector: {}, ...calling('/mutate/team') },
      ];
      folder.write('webhooks.yaml', webhooks(entries));
      const written = (await kustomized(folder.path)).flatMap(entriesOf);
      expect(written.map(({ clientConfig }) => segmentsOf(clientConfig))).to.deep.equal([
        [callerToken],
        [callerToken, 'team'],
      ]);
      const wanted: Wanted = { ...defaultInstallation, reach, image, components: [], injections: text, callerToken };
      const { objects } = await render(wanted, cleanup);
      expect(objects.flatMap(entriesOf).map(({ clientConfig }) => segmentsOf(clientConfig))).to.deep.equal([
        [callerToken],
        [callerToken],
      ]);
    });

    it(`is written without a problem, by the URL of a repository, too: ${reach}`, async () => {
      await using cleanup = new AsyncDisposableStack();
      const folder = new OutsideFolder(cleanup);
      const wanted: Wanted = {
        name: 'file-injector',
        namespace: 'platform-hooks',
        reach,
        image,
        components: ['ensure'],
      };
      const configured = { text, injections: parseInjections(text, 'injections.yaml') };
      await writeFiles(
        folder.path,
        overlayFor(wanted, configured, (path) => folder.manifest(path)),
      );
      expect(await checkOverlay(folder.path)).to.deep.equal({ problems: [], warnings: [] });
      const url = (path: string) => `https://git.example.com/hooks//manifests/${path}?ref=v1`;
      expect(overlayFor(wanted, configured, url)['kustomization.yaml']).to.contain(`- ${url(`overlays/${reach}`)}`);
    });
  }

  it('has no Knative Service to keep warm, and no image for a CronJob, where func or kn makes it', async () => {
    await using cleanup = new AsyncDisposableStack();
    const wanted: Wanted = {
      name: 'hello-webhook',
      namespace: 'hello-system',
      reach: 'gateway-kourier',
      image: undefined,
      components: [],
      injections: text,
    };
    const { objects } = await render(wanted, cleanup);
    const withBoth = await render({ ...wanted, components: ['always-warm', 'sync'] }, cleanup);
    expect(withBoth.objects).to.deep.equal(objects);
  });

  it("leaves a person's own objects alone, whatever their names", async () => {
    await using cleanup = new AsyncDisposableStack();
    const folder = new OutsideFolder(cleanup);
    const own = ['Namespace', 'ServiceAccount', 'Service', 'ConfigMap'].map((kind) => ({
      apiVersion: 'v1',
      kind,
      metadata: { name: 'hello-webhook', ...(kind !== 'Namespace' && { namespace: 'elsewhere' }) },
    }));
    const files = own.map(({ kind }) => `${kind}.yaml`);
    for (const [index, file] of files.entries()) folder.write(file, own[index] ?? {});
    folder.writeOverlay({ resources: [folder.manifest('overlays/gateway-kourier'), ...files] });
    const objects = await kustomized(folder.path);
    expect(objects.filter(({ metadata }) => metadata.name === 'hello-webhook')).to.have.deep.members(own);
  });
});

/** That objects are those of an installation, all of them in its names, with just what is wanted of the optional parts. */
function expectRendered(objects: readonly KubernetesObject[], wanted: Wanted): void {
  const { name, namespace, reach, components } = wanted;
  const gateway = gatewayNamespaces[reach];
  for (const { kind, metadata } of objects) {
    expect(metadata.labels, kind).to.include(instanceLabels(wanted));
    if (metadata.namespace !== undefined) expect(metadata.namespace, kind).to.be.oneOf([namespace, gateway]);
  }
  expectNoDefaultNames(objects, wanted);
  const accounts = objects.filter(({ kind }) => kind === 'ServiceAccount');
  expect(
    accounts.map(({ metadata, automountServiceAccountToken = true }) => [metadata.name, automountServiceAccountToken]),
  ).to.have.deep.members([
    [name, components.includes('ensure')],
    ...(components.includes('sync') ? [[`${name}.sync`, true]] : []),
  ]);
  expectPermissions(objects, wanted);
  const [webhook] = objects.filter(({ kind }) => kind === 'MutatingWebhookConfiguration');
  expect(webhook?.metadata).to.deep.include({
    name,
    annotations: {
      'cert-manager.io/inject-ca-from': `${namespace}/hello-webhook-ca`,
      'argocd.argoproj.io/sync-wave': '1',
    },
  });
  const entries = entriesOf(webhook ?? {});
  expect(entries.map((entry) => entry.name)).to.deep.equal(
    ['company-ca', 'scratch'].map((injection) => `${injection}.${name}.${namespace}.svc`),
  );
  for (const entry of entries) {
    expect(entry).to.deep.include({
      failurePolicy: components.includes('fail-closed') ? 'Fail' : 'Ignore',
      clientConfig: gateway
        ? { service: { name, namespace: gateway, path: '/mutate' } }
        : { url: `https://${name}.${namespace}.svc.cluster.local/mutate` },
    });
    expect(entry.namespaceSelector?.matchExpressions?.[0]?.values).to.include(namespace);
  }
  const [domain] = objects.filter(({ kind }) => kind === 'DomainMapping');
  expect(domain?.metadata.name).to.equal(gateway && `${name}.${gateway}.svc`);
  expectFunction(objects, wanted);
  expectPolicy(objects, wanted);
}

/** That a NetworkPolicy, where one is wanted, lets in the gateway of the way and no other, and what is Knative's. */
function expectPolicy(objects: readonly KubernetesObject[], { name, namespace, reach, components }: Wanted): void {
  const policies = objects.filter(({ kind }) => kind === 'NetworkPolicy') as (KubernetesObject & V1NetworkPolicy)[];
  const said = policies.map(({ metadata, spec }) => ({
    name: metadata.name,
    namespace: metadata.namespace,
    of: spec?.podSelector?.matchLabels,
    types: spec?.policyTypes,
    callers: spec?.ingress?.map(({ ports = [], ...rule }) => ({
      from: ((rule as { from?: V1NetworkPolicyPeer[] }).from ?? []).map(
        ({ namespaceSelector, podSelector }) =>
          `${podSelector?.matchLabels?.app} in ${namespaceSelector?.matchLabels?.['kubernetes.io/metadata.name']}`,
      ),
      ports: ports.map(({ port }) => port),
    })),
  }));
  const gateways = gatewayApps[reach] ?? ['3scale-kourier-gateway in kourier-system'];
  const expected = {
    name,
    namespace,
    of: { 'serving.knative.dev/service': name },
    types: ['Ingress'],
    callers: [
      {
        from: [
          ...gateways,
          'activator in knative-serving',
          ...(reach === 'cluster-local-url' ? ['istio-ingressgateway in istio-system'] : []),
        ],
        ports: [8012, 8013, 8112],
      },
      { from: ['autoscaler in knative-serving'], ports: [9090] },
    ],
  };
  expect(said).to.deep.equal(components.includes('network-policy') ? [expected] : []);
}

const gatewayApps: Record<string, string[]> = {
  'gateway-contour': ['envoy-knative-external in contour-external'],
  'gateway-istio': ['istio-ingressgateway in istio-system'],
};

/** What still has the name of the product is within the namespace, or the product's. */
function expectNoDefaultNames(objects: readonly KubernetesObject[], { name, namespace }: Installation): void {
  if (name === 'hello-webhook') return;
  const unlabelled = objects.map(({ metadata: { labels: _, ...metadata }, ...object }) => ({ ...object, metadata }));
  const json = JSON.stringify(unlabelled);
  expect(json).not.to.match(/hello-system|GATEWAY|HOST/);
  const left = json.match(/[\w./:-]*hello-webhook[\w./:-]*/g) ?? [];
  expect([...new Set(left.map((one) => one.replace(/injections-\w{10}/, 'injections')))]).to.satisfy((all: string[]) =>
    all.every((one) => namesThatStay.has(one) || one === `${namespace}/hello-webhook-ca`),
  );
}

const namesThatStay = new Set([
  'hello-webhook-injections',
  'hello-webhook-caller-tokens',
  '/etc/hello-webhook-caller-tokens',
  '/etc/hello-webhook-caller-tokens/tokens',
  '/etc/hello-webhook',
  '/etc/hello-webhook/injections.yaml',
  'hello-webhook/inject',
  'hello-webhook-ca',
  'hello-webhook-gateway',
  'hello-webhook-issuer',
]);

function expectPermissions(objects: readonly KubernetesObject[], { name, namespace, components }: Wanted): void {
  const of = (kind: string) => objects.filter((object) => object.kind === kind);
  const accounts = { ensure: name, sync: `${name}.sync` };
  const expected = (['ensure', 'sync'] as const).filter((component) => components.includes(component));
  const roles = expected.map((component) => `${name}:${component}`);
  expect(of('ClusterRole').map(({ metadata }) => metadata.name)).to.deep.equal(roles);
  for (const { rules } of of('ClusterRole') as (KubernetesObject & V1ClusterRole)[])
    expect(rules?.[0]).to.deep.include({ resources: ['configmaps'], resourceNames: ['company-ca'] });
  const bindings = of('ClusterRoleBinding') as (KubernetesObject & V1ClusterRoleBinding)[];
  expect(bindings.map(({ metadata, roleRef, subjects }) => [metadata.name, roleRef.name, subjects])).to.deep.equal(
    expected.map((component) => {
      const role = `${name}:${component}`;
      return [role, role, [{ kind: 'ServiceAccount', name: accounts[component], namespace }]];
    }),
  );
}

/** The CronJob runs the function's own image and injections. */
function expectCronJob(objects: readonly KubernetesObject[], wanted: Wanted, configMap: string | undefined): void {
  const cronJobs = objects.filter(({ kind }) => kind === 'CronJob') as (KubernetesObject & V1CronJob)[];
  expect(cronJobs).to.have.length(wanted.components.includes('sync') ? 1 : 0);
  for (const { metadata, spec } of cronJobs) {
    expect(metadata).to.include({ name: wanted.name, namespace: wanted.namespace });
    expect(spec.jobTemplate.spec?.template.spec).to.deep.include({
      serviceAccountName: `${wanted.name}.sync`,
      volumes: [{ name: 'injections', configMap: { name: configMap } }],
    });
    expect(spec.jobTemplate.spec?.template.spec?.containers[0]).to.include({ image: wanted.image });
  }
}

function expectFunction(objects: readonly KubernetesObject[], wanted: Wanted): void {
  const [configMap] = objects.filter(({ metadata }) => metadata.name?.startsWith('hello-webhook-injections'));
  expect(configMap?.metadata.namespace).to.equal(wanted.namespace);
  expect(configMap?.data).to.deep.equal({ 'injections.yaml': text });
  expectCronJob(objects, wanted, configMap?.metadata.name);
  const services = objects.filter(({ apiVersion }) => apiVersion === 'serving.knative.dev/v1') as (KubernetesObject &
    KnativeService)[];
  if (wanted.image === undefined) {
    expect(services).to.deep.equal([]);
    expect(configMap?.metadata.name).to.equal('hello-webhook-injections');
    return;
  }
  const [service] = services;
  const { metadata: template, spec } = service?.spec.template ?? {};
  expect(service?.metadata).to.deep.include({ name: wanted.name, namespace: wanted.namespace });
  expect(spec).to.deep.include({
    serviceAccountName: wanted.name,
    volumes: [
      { name: 'injections', configMap: { name: configMap?.metadata.name } },
      { name: 'caller-tokens', secret: { secretName: callerTokensSecret.name, optional: true } },
    ],
  });
  expect(spec?.containers[0]?.image).to.equal(wanted.image);
  expect(template?.annotations?.['autoscaling.knative.dev/min-scale']).to.equal(
    wanted.components.includes('always-warm') ? '1' : '0',
  );
}

function subsetsOf<T>(all: readonly T[]): T[][] {
  const [first, ...rest] = all;
  if (first === undefined) return [[]];
  return subsetsOf(rest).flatMap((subset) => [subset, [first, ...subset]]);
}
