import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { V1ConfigMap } from '@kubernetes/client-node';
import { expect } from 'chai';
import { parse, stringify } from 'yaml';
import { defaultInjections } from '../../function/injections/default-injections.ts';
import { readInjections } from '../../function/injections/load.ts';
import { checkOverlay } from '../../scripts/install/check-overlay.ts';
import { defaultInstallation } from '../../scripts/install/installation.ts';
import { gatewayOf } from '../../scripts/install/reach.ts';
import { render } from '../../scripts/install/render.ts';
import { entriesOf, readCommonEntry, webhookConfiguration } from '../../scripts/install/webhook-configuration.ts';
import { apply } from '../../scripts/kubernetes/apply.ts';
import { parseManifest } from '../../scripts/kubernetes/manifest.ts';
import type { KubernetesObject } from '../../scripts/kubernetes/object.ts';
import { prepareNamespace } from '../../scripts/local/api-server.ts';
import { installDefinitions, requireKubectl } from '../support/definitions.ts';
import { gatewayNamespaces, injections, kustomized, OutsideFolder, overlays } from '../support/overlay.ts';
import { describeOnApiServer, refusal } from './cluster.ts';

/** Knative 1.15, the oldest that these manifests are for, and a new one. */
const servings = ['knative.dev/serving@v0.42.2', 'knative.dev/serving@v0.51.0'];
const names = { name: 'file-injector', namespace: 'platform-hooks' };
const applied = { fieldManager: 'test', dryRun: true };

for (const serving of servings) {
  describeOnApiServer(`manifests, with the real definitions of ${serving} and its cert-manager`, (cluster) => {
    before(async function () {
      await installDefinitions(this, cluster, serving);
      const namespaces = ['hello-system', names.namespace, 'cert-manager', 'knative-serving'];
      for (const namespace of [...namespaces, ...Object.values(gatewayNamespaces)]) {
        await prepareNamespace(cluster.api, namespace);
      }
    });
    const expectTaken = async (objects: readonly KubernetesObject[]) => {
      for (const object of objects) await apply(cluster.api, object, applied);
      expect(objects).not.to.have.length(0);
    };

    for (const directory of [
      ...overlays.map((name) => `demo/${name}`),
      'platform/issuer',
      'platform/cluster-local-tls',
      'demo',
    ]) {
      it(`${directory} is taken by server-side validation`, async () => {
        await expectTaken(await kustomized(`manifests/${directory}`));
      });
    }

    for (const reach of overlays) {
      it(`an overlay outside the tree is taken by server-side validation, under other names and with all that is optional: ${reach}`, async () => {
        await using cleanup = new AsyncDisposableStack();
        const components: Parameters<typeof render>[0]['components'] = [
          'ensure',
          'sync',
          'fail-closed',
          'always-warm',
          'network-policy',
        ];
        const wanted = { ...names, reach, image: 'mine', components, injections: stringify(injections) };
        const { objects } = await render(wanted, cleanup);
        await expectTaken(objects);
        expect(objects.flatMap(entriesOf)).to.have.length(2);
      });
    }

    it('the example of an overlay is taken by server-side validation, as it stands, from the URL of a repository', async () => {
      await using cleanup = new AsyncDisposableStack();
      await expectTaken(parseManifest(await exampleFromUrl(cleanup), 'examples/overlay'));
    });

    it('a field that nobody knows would be seen', async () => {
      const [object] = (await kustomized('manifests/demo/gateway-kourier')).filter(
        ({ kind }) => kind === 'DomainMapping',
      );
      if (!object) throw new Error('the overlay has no DomainMapping');
      const misspelt = { ...object, spec: { ...(object.spec as object), reff: {} } };
      expect((await refusal(apply(cluster.api, misspelt, applied))).message).to.contain('reff');
    });

    it('an overlay without transformers would be seen', async () => {
      await using cleanup = new AsyncDisposableStack();
      const folder = new OutsideFolder(cleanup);
      folder.writeOverlay({ transformers: [] });
      const [webhook] = (await kustomized(folder.path)).filter(({ kind }) => kind === 'MutatingWebhookConfiguration');
      if (!webhook) throw new Error('the overlay has no webhook configuration');
      expect((await refusal(apply(cluster.api, webhook, applied))).message).to.contain('webhooks[0].clientConfig');
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

  it('have the function called for each injection of theirs, in the way that the scripts do', async () => {
    const { webhooks: wanted = [] } = webhookConfiguration(
      { name: 'hello-webhook', url: '', caCert: '' },
      readInjections('manifests/demo/injection/injections.yaml'),
    );
    const entries = (await kustomized('manifests/demo/cluster-local-url')).flatMap(entriesOf);
    expect(withoutClientConfig(entries)).to.deep.equal(withoutClientConfig(wanted));
  });

  it('hold the default configuration, and have its ConfigMap copied', () => {
    const ensured = defaultInjections.map((injection) => ({ ...injection, ensure: true }));
    expect(readInjections('manifests/demo/injection/injections.yaml')).to.deep.equal(ensured);
  });

  for (const overlay of overlays) {
    it(`have the demo's injection in the same way for func and kn as for deploy: ${overlay}`, async () => {
      await using cleanup = new AsyncDisposableStack();
      const wanted = { ...defaultInstallation, reach: overlay, image: undefined, components: ['ensure' as const] };
      const { objects } = await render(wanted, cleanup);
      expect(await kustomized(`manifests/demo/${overlay}`)).to.deep.equal(objects);
    });
  }

  it('make a new revision of a changed configuration: its name in the Service carries its hash', async () => {
    await using cleanup = new AsyncDisposableStack();
    const folder = new OutsideFolder(cleanup);
    const nameIn = async () =>
      /"configMap":\{"name":"(hello-webhook-injections-\w{10})"/.exec(
        JSON.stringify(await kustomized(folder.path)),
      )?.[1];
    folder.writeOverlay();
    const original = await nameIn();
    folder.write('injections.yaml', { injections: injections.injections.slice(0, 1) });
    const changed = await nameIn();
    expect(original).to.be.a('string');
    expect(changed).to.be.a('string').and.not.to.equal(original);
  });

  for (const ingressClass of ['kourier', 'gateway-api', 'istio']) {
    it(`say where the gateway is, and never call the function for Pods of its ingress: ${ingressClass}`, () => {
      const gateway = gatewayOf(`${ingressClass}.ingress.networking.knative.dev`);
      expect(gateway?.namespace).to.equal(gatewayNamespaces[gateway?.component ?? '']);
      expect(gateway?.app).to.match(/^[\w-]+$/);
      const [platform] = readCommonEntry().namespaceSelector?.matchExpressions ?? [];
      expect(platform?.values).to.include.members([gateway?.namespace, ...(gateway?.otherNamespaces ?? [])]);
    });
  }

  for (const [where, text] of [
    ['manifests/examples', readFileSync('manifests/examples/overlay/kustomization.yaml', 'utf8')],
    ['the README', /```yaml\n(resources: .*?)```/s.exec(readFileSync('README.md', 'utf8'))?.[1] ?? ''],
  ] as const) {
    it(`have an example of an overlay in which nothing is forgotten: ${where}`, async () => {
      await using cleanup = new AsyncDisposableStack();
      const folder = new OutsideFolder(cleanup);
      cpSync('manifests/examples/overlay', folder.path, { recursive: true });
      const example = parse(text);
      const byPath = (url: string) => folder.manifest(/(?:\/\/manifests|M)\/([^?]+)/.exec(url)?.[1] ?? '');
      for (const field of ['resources', 'components', 'transformers']) example[field] = example[field].map(byPath);
      for (const image of example.images) if (image.digest === 'sha256:…') image.digest = `sha256:${'0'.repeat(64)}`;
      folder.write('kustomization.yaml', example);
      expect(await checkOverlay(folder.path)).to.deep.equal({ problems: [], warnings: [] });
    });
  }

  it("name ensure's role so that it is no other's, such as the built-in role `view`", async () => {
    await using cleanup = new AsyncDisposableStack();
    const wanted = { ...names, name: 'view', image: 'mine', components: ['ensure' as const] };
    const { objects } = await render({ ...wanted, reach: 'gateway-kourier' }, cleanup);
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
});

function withoutClientConfig(entries: readonly { clientConfig: unknown }[]): object[] {
  return entries.map(({ clientConfig: _, ...entry }) => entry);
}

/** What kustomize makes of the example as it stands, with the manifests of this tree behind its URLs, and no network. */
async function exampleFromUrl(cleanup: AsyncDisposableStack): Promise<string> {
  const repository = new OutsideFolder(cleanup).path;
  cpSync('manifests', join(repository, 'manifests'), { recursive: true });
  const run = (program: string, args: string[], env = {}) => {
    const { status, stdout, stderr, error } = spawnSync(program, args, {
      cwd: repository,
      env: { ...process.env, ...env },
      encoding: 'utf8',
    });
    if (error) throw error;
    if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  const git = (...args: string[]) => run('git', ['-c', 'user.name=test', '-c', 'user.email=test@example.com', ...args]);
  git('init', '--quiet');
  git('add', '.');
  git('commit', '--quiet', '--message', 'manifests');
  git('tag', 'v0.1.0');
  const { resources } = parse(readFileSync('manifests/examples/overlay/kustomization.yaml', 'utf8'));
  const [url] = resources[0].split('//manifests');
  return run('kubectl', ['kustomize', resolve('manifests/examples/overlay')], {
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: `url.${repository}.insteadOf`,
    GIT_CONFIG_VALUE_0: url,
    // kustomize asks the host for a file first.
    HTTPS_PROXY: 'http://127.0.0.1:1',
  });
}
