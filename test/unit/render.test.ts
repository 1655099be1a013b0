import { expect } from 'chai';
import { stringify } from 'yaml';
import { parseInjections } from '../../function/injections/load.ts';
import type { Wanted } from '../../scripts/install/overlay.ts';
import { render } from '../../scripts/install/render.ts';
import { entriesOf, webhookConfiguration } from '../../scripts/install/webhook-configuration.ts';
import type { KubernetesObject } from '../../scripts/kubernetes/object.ts';
import { requireKubectl } from '../support/definitions.ts';

const hello = named('hello');
const other = named('other');
const third = { ...named('third'), selector: hello.selector, ensure: true };

describe('what deploy applies', () => {
  before(function () {
    requireKubectl(this);
  });

  it('has a webhooks entry for each distinct selector, each like the first', async () => {
    const [webhook] = await objects('MutatingWebhookConfiguration', { injections: list(hello, other, third) });
    const entries = entriesOf(webhook ?? {});
    expect(entries.map(({ name }) => name)).to.deep.equal(['hello.mine.its-own.svc', 'other.mine.its-own.svc']);
    expect(entries.map(({ objectSelector }) => objectSelector)).to.deep.equal([
      { matchLabels: { hello: 'true' } },
      { matchLabels: { other: 'true' } },
    ]);
    const [first, second] = entries.map(({ name: _, objectSelector: __, ...rest }) => rest);
    expect(second).to.deep.equal(first);
  });

  it('has an entry of its own for a namespaceSelector, and exact names of namespaces, as where no kustomize is needed', async () => {
    const labelled = { matchLabels: { ca: 'company' } };
    const ca = { name: 'ca', namespaceSelector: labelled, env: [{ name: 'TZ', value: 'UTC' }] };
    const inTeams = { ...hello, namespaces: { include: ['team-a', 'team-b'], exclude: ['x-*'] } };
    const injections = list(inTeams, ca, other);
    for (const reach of ['gateway-contour', 'cluster-local-url'] as const) {
      const [webhook] = await objects('MutatingWebhookConfiguration', { injections, reach, namespace: 'hello-system' });
      const rendered = entriesOf(webhook ?? {});
      const { webhooks = [] } = webhookConfiguration(
        { name: 'mine', url: '/mutate', caCert: '' },
        parseInjections(injections, 'injections.yaml'),
      );
      const selecting = (entries: typeof webhooks) =>
        entries.map(({ objectSelector = {}, namespaceSelector }) => ({ objectSelector, namespaceSelector }));
      expect(selecting(rendered)).to.deep.equal(selecting(webhooks));
      const paths = rendered.map(({ clientConfig: { service, url = '' } }) => service?.path ?? new URL(url).pathname);
      expect(paths).to.deep.equal(['/mutate', '/mutate/ca', '/mutate']);
      expect(rendered[1]?.objectSelector ?? {}).to.deep.equal({});
    }
  });

  it('gives the function the permissions for just the ConfigMaps that it is to copy, and no rule where there are none', async () => {
    const rules = async (injections: string) =>
      (await objects('ClusterRole', { injections, components: ['ensure'] })).map((role) => role.rules);
    expect(await rules(list(hello, third))).to.deep.equal([
      [
        {
          apiGroups: [''],
          resources: ['configmaps'],
          resourceNames: ['third-configmap'],
          verbs: ['get', 'create', 'patch'],
        },
      ],
    ]);
    expect(await rules(list(hello))).to.deep.equal([[]]);
  });

  it('brings the ConfigMap of the default injection only where an injection has it copied', async () => {
    const namesIn = async (injections: string) =>
      (await objects('ConfigMap', { injections, components: ['ensure'] })).map(({ metadata }) => metadata.name);
    expect(await namesIn(list({ ...hello, ensure: true }))).to.include('hello-configmap');
    expect(await namesIn(list(hello))).not.to.include('hello-configmap');
  });

  for (const [image, expected] of [
    ['registry:5000/a/mine', 'registry:5000/a/mine'],
    ['registry:5000/a/mine:v1', 'registry:5000/a/mine:v1'],
    [`mine:v1@sha256:${'a'.repeat(64)}`, `mine:v1@sha256:${'a'.repeat(64)}`],
  ] as const) {
    it(`takes the image ${image}`, async () => {
      const [, service] = await objects('Service', { image });
      expect(JSON.stringify(service)).to.contain(`"image":"${expected}"`);
    });
  }

  it('leaves the Knative Service to func or kn where there is no image, and the injections under their fixed name', async () => {
    const all = await objects(undefined, { image: undefined });
    expect(all.filter(({ apiVersion }) => apiVersion.startsWith('serving.knative.dev/v1/'))).to.deep.equal([]);
    expect(all.map(({ metadata }) => metadata.name)).to.include('hello-webhook-injections');
  });

  it('follows a gateway that is in another namespace, and never asks about its Pods', async () => {
    const moved = await objects(undefined, { gatewayNamespace: 'elsewhere' });
    const text = JSON.stringify(moved);
    expect(text).not.to.contain('contour-external.svc');
    expect(text).to.contain('mine.elsewhere.svc').and.to.contain('"service":{"name":"mine","namespace":"elsewhere"');
    const [webhook] = moved.filter(({ kind }) => kind === 'MutatingWebhookConfiguration');
    const [entry] = entriesOf(webhook ?? {});
    expect(entry?.namespaceSelector?.matchExpressions?.[0]?.values).to.include('elsewhere');
  });

  for (const reach of ['cluster-local-url', 'gateway-kourier'] as const) {
    it(`lets a gateway that is in another namespace call the function's Pods: ${reach}`, async () => {
      const components = ['network-policy' as const];
      const [policy] = await objects('NetworkPolicy', { reach, components, gatewayNamespace: 'elsewhere' });
      expect(JSON.stringify(policy)).to.contain(
        '"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"elsewhere"}}',
      );
    });
  }
});

/** An injection of this name, which all that it is made of bears. */
function named(name: string) {
  return {
    name,
    selector: { matchLabels: { [name]: 'true' } },
    volume: { name: `${name}-volume`, configMap: { name: `${name}-configmap` } },
    mount: { mountPath: `/etc/${name}` },
  };
}

function list(...injections: object[]): string {
  return stringify({ injections });
}

/** The objects of a kind in what would be applied, those of a Service from core first. */
async function objects(kind: string | undefined, wanted: Partial<Wanted>): Promise<KubernetesObject[]> {
  await using cleanup = new AsyncDisposableStack();
  const rendered = await render(
    { name: 'mine', namespace: 'its-own', reach: 'gateway-contour', image: 'image', components: [], ...wanted },
    cleanup,
  );
  return rendered.objects
    .filter((object) => kind === undefined || object.kind === kind)
    .sort((one, another) => one.apiVersion.length - another.apiVersion.length);
}
