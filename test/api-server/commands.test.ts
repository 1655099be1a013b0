import { spawnSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { copyOf, fieldManager } from '../../function/copies/copy.ts';
import { callerTokensSecret } from '../../scripts/install/caller-tokens.ts';
import {
  type Installation,
  defaultInstallation as installation,
  instanceLabels,
} from '../../scripts/install/installation.ts';
import { webhookConfigurations } from '../../scripts/install/registration.ts';
import { render } from '../../scripts/install/render.ts';
import { apply } from '../../scripts/kubernetes/apply.ts';
import { ApiError } from '../../scripts/kubernetes/client.ts';
import { deleteAndWait } from '../../scripts/kubernetes/delete.ts';
import { objectPath } from '../../scripts/kubernetes/discovery.ts';
import type { KubernetesObject } from '../../scripts/kubernetes/object.ts';
import { list, read } from '../../scripts/kubernetes/read.ts';
import { prepareNamespace } from '../../scripts/local/api-server.ts';
import { installDefinitions } from '../support/definitions.ts';
import { finalizeNamespaces } from '../support/namespaces.ts';
import { type Cluster, describeOnApiServer } from './cluster.ts';

describeOnApiServer('npm run sync', (cluster) => {
  const source = (text: string) => configMap(installation.namespace, { 'hello.txt': text });
  const stored = async (namespace: string) =>
    (await read<ConfigMap>(cluster.api, `/api/v1/namespaces/${namespace}/configmaps/hello-configmap`))?.data;

  before(async function () {
    this.timeout(120_000);
    await installDefinitions(this, cluster);
    await served(cluster);
    for (const name of ['kourier-system', 'one', 'two']) await prepareNamespace(cluster.api, name);
    await deploy(cluster, installation);
    await apply(cluster.api, source('new'), { fieldManager: 'test' });
  });

  it('hands out nothing but what an injection ensures there, whatever a ConfigMap of a tenant says', async () => {
    const inOwn = { ...object('v1', 'ConfigMap', 'for-admins', 'hello-system'), data: { key: 'secret' } };
    await apply(cluster.api, inOwn as KubernetesObject, test);
    const forged = copyOf({ ...inOwn, data: {} }, 'one') as KubernetesObject;
    await apply(cluster.api, forged, { fieldManager: 'tenant' });
    await apply(cluster.api, { ...forged, metadata: { ...forged.metadata, namespace: 'two' } }, { fieldManager });
    const inPlatform = copyOf(source('old'), 'kube-system') as KubernetesObject;
    await apply(cluster.api, inPlatform, { fieldManager });

    const { output } = await cluster.run('sync', '--force');
    expect(output.split('\n')).to.have.members([
      'two/for-admins: no injection ensures it there: left alone',
      'kube-system/hello-configmap: no injection ensures it there: left alone',
    ]);
    const named = await list<ConfigMap>(cluster.api, '/api/v1/configmaps?fieldSelector=metadata.name%3Dfor-admins');
    expect(named.filter(({ data }) => data).map(({ metadata }) => metadata.namespace)).to.deep.equal(['hello-system']);
    for (const one of [forged, { ...forged, metadata: { ...forged.metadata, namespace: 'two' } }, inPlatform])
      await cluster.api.send('DELETE', await objectPath(cluster.api, one));
  });

  it('touches nothing where the injections are invalid, or the function is not found', async () => {
    expect(await cluster.run('sync', '-n', 'one')).to.deep.equal({
      status: 1,
      output: [
        'There is no webhook hello-webhook of one in this cluster: give --namespace hello-system --name hello-webhook',
        'Knative Service hello-webhook not found in one: its injections say what is copied',
      ].join('\n'),
    });
  });

  it('brings copies up to date, and leaves alone what somebody has changed, and what is not ours', async () => {
    for (const namespace of ['one', 'two']) {
      const copy = copyOf(source('old'), namespace) as KubernetesObject;
      await apply(cluster.api, copy, { fieldManager });
    }
    await apply(cluster.api, configMap('two', { 'hello.txt': 'their own' }), { fieldManager: 'somebody', force: true });
    await apply(cluster.api, configMap('default', { 'hello.txt': 'not a copy' }), { fieldManager: 'somebody' });

    const tried = await cluster.run('sync', '--dry-run');
    expect(tried.output).to.contain('one/hello-configmap: would be updated');
    expect(await stored('one')).to.deep.equal({ 'hello.txt': 'old' });

    const synced = await cluster.run('sync');
    expect(synced.output).to.contain('one/hello-configmap: updated');
    expect(synced.output).to.contain(
      'two/hello-configmap: was changed by somebody else: left alone (--force overwrites it)',
    );
    expect(synced.status).to.equal(1);
    expect(await stored('one')).to.deep.equal({ 'hello.txt': 'new' });
    expect(await stored('two')).to.deep.equal({ 'hello.txt': 'their own' });
    expect(await stored('default')).to.deep.equal({ 'hello.txt': 'not a copy' });

    const forced = await cluster.run('sync', '--force');
    expect(forced.output).to.contain('one/hello-configmap: up to date');
    expect(forced.status).to.equal(0);
    expect(await stored('two')).to.deep.equal({ 'hello.txt': 'new' });
  });
});

describeOnApiServer('npm run sync, of a copy with a key that somebody has added', (cluster) => {
  before(async function () {
    this.timeout(120_000);
    await installDefinitions(this, cluster);
    await served(cluster);
    await prepareNamespace(cluster.api, 'kourier-system');
    await deploy(cluster, installation);
  });

  it('leaves it alone and says so each time, and with --force makes it just what its source is', async () => {
    await prepareNamespace(cluster.api, 'one');
    const source = (text: string) => configMap(installation.namespace, { 'hello.txt': text });
    const stored = async () =>
      (await read<ConfigMap>(cluster.api, '/api/v1/namespaces/one/configmaps/hello-configmap'))?.data;
    const synced = async (...args: string[]) => await cluster.run('sync', ...args);
    await apply(cluster.api, source('new'), { fieldManager: 'test' });
    await apply(cluster.api, copyOf(source('old'), 'one') as KubernetesObject, { fieldManager });
    await apply(cluster.api, configMap('one', { added: 'by somebody' }), { fieldManager: 'somebody' });

    for (const _ of ['once', 'and again']) {
      expect(await synced()).to.deep.equal({
        status: 1,
        output: 'one/hello-configmap: was changed by somebody else: left alone (--force overwrites it)',
      });
    }
    expect(await stored()).to.deep.equal({ 'hello.txt': 'old', added: 'by somebody' });

    expect(await synced('--force')).to.deep.equal({ status: 0, output: 'one/hello-configmap: updated' });
    expect(await stored()).to.deep.equal({ 'hello.txt': 'new' });
    expect(await synced()).to.deep.equal({ status: 0, output: 'one/hello-configmap: up to date' });
    await apply(cluster.api, source('newer'), { fieldManager: 'test' });
    expect(await synced()).to.deep.equal({ status: 0, output: 'one/hello-configmap: updated' });
  });
});

describeOnApiServer('npm run undeploy', (cluster) => {
  let controller: AsyncDisposableStack;
  const nothingElse = 'Nothing else of hello-webhook is left.';

  before(async function () {
    this.timeout(120_000);
    await installDefinitions(this, cluster);
    await served(cluster);
    for (const name of ['kourier-system', 'unused', 'used', 'changed', 'knative-serving', 'cert-manager'])
      await prepareNamespace(cluster.api, name);
    await apply(cluster.api, object('v1', 'Service', 'foreign', 'kourier-system', { ports: [{ port: 443 }] }), test);
  });
  beforeEach(() => {
    controller = new AsyncDisposableStack();
    finalizeNamespaces(cluster.api, controller);
  });
  afterEach(async () => {
    await cluster.run('undeploy', '--all-copies');
    await deleteAndWait(cluster.api, object('v1', 'Namespace', 'hello-system'), () => {});
    await controller.disposeAsync();
  });

  it('deletes all that an overlay has, the webhook first, and of the rest of the cluster nothing', async () => {
    const another = { name: 'another', namespace: 'another-system' };
    const theirs = object('v1', 'Secret', callerTokensSecret.name, 'default');
    await deploy(cluster, another);
    await apply(cluster.api, theirs, test);
    const before = await listing(cluster);
    await deploy(cluster, installation);
    // As a person makes it, without labels.
    await apply(cluster.api, object('v1', 'Secret', callerTokensSecret.name, 'hello-system'), test);
    const deployed = await listing(cluster);
    expect(deployed.length - before.length).to.be.greaterThan(10);

    const { status, lines } = await undeployed(cluster);
    expect(status).to.equal(0);
    expect(lines.at(-1)).to.equal(nothingElse);
    expect(lines.filter((line) => line.startsWith('left'))).to.deep.equal([]);
    expect(lines[1]).to.equal('deleted      MutatingWebhookConfiguration hello-webhook');
    expect(lines.filter((line) => line.startsWith('deleted'))).to.have.length(deployed.length - before.length);
    expect(await listing(cluster)).to.deep.equal(before);

    for (const [namespace, name] of [
      ['default', 'hello-webhook'],
      [another.namespace, another.name],
    ] as const)
      expect((await undeployed(cluster, '-n', namespace, '--name', name)).status).to.equal(0);
    expect(await read(cluster.api, await objectPath(cluster.api, theirs))).not.to.equal(undefined);
    expect(await labelled(cluster, another)).to.deep.equal([]);
  });

  it('says, while it waits for something to go, what holds it: what is left in a namespace, and finalizers', async () => {
    await controller.disposeAsync();
    const held = async (one: KubernetesObject, change: () => Promise<unknown>, release: () => Promise<unknown>) => {
      await apply(cluster.api, one, test);
      const shown = Promise.withResolvers<string>();
      const gone = deleteAndWait(cluster.api, one, (text) => {
        if (text?.includes('; ')) shown.resolve(text);
      });
      await change();
      const text = await shown.promise;
      await release();
      await gone;
      return text;
    };
    const namespace = object('v1', 'Namespace', 'held');
    const path = '/api/v1/namespaces/held';
    // As the namespace controller does, which is not running here.
    const sayWhatRemains = () =>
      cluster.api.send('PATCH', `${path}/status`, {
        body: { status: { conditions: remaining } },
        contentType: 'application/merge-patch+json',
      });
    const finalize = () => cluster.api.send('PUT', `${path}/finalize`, { body: { ...namespace, spec: {} } });
    expect(await held(namespace, sayWhatRemains, finalize)).to.equal(
      'deleting Namespace held: it still exists; Some resources are remaining: configmaps. has 1 resource instances; Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances',
    );

    const finalizers = ['example.com/hold'];
    const one = object('v1', 'ConfigMap', 'held', 'default');
    const withFinalizer = { ...one, metadata: { ...one.metadata, finalizers } };
    const letGo = async () =>
      cluster.api.send('PATCH', await objectPath(cluster.api, one), {
        body: { metadata: { finalizers: null } },
        contentType: 'application/merge-patch+json',
      });
    expect(await held(withFinalizer, async () => {}, letGo)).to.equal(
      'deleting ConfigMap held: it still exists; finalizers: example.com/hold',
    );
  });

  it('keeps copies that Pods use or that somebody has changed, and names them', async () => {
    await deploy(cluster, installation);
    const copy = (where: string) => copyOf(configMap('hello-system', { a: 'b' }), where) as KubernetesObject;
    for (const where of ['unused', 'used', 'changed']) await apply(cluster.api, copy(where), { fieldManager });
    await apply(cluster.api, configMap('changed', { theirs: 'c' }), { fieldManager: 'somebody' });
    const volumes = [{ name: 'hello-volume', configMap: { name: 'hello-configmap' } }];
    await cluster.createPod('used', {
      metadata: { name: 'app' },
      spec: { volumes, containers: [{ name: 'app', image: 'app:1' }] },
    });

    const { status, lines } = await undeployed(cluster);
    expect(status).to.equal(0);
    expect(lines).to.contain('deleted      ConfigMap hello-configmap in unused');
    expect(lines.slice(-4)).to.deep.equal([
      'left         ConfigMap hello-configmap in changed, changed by somebody since it was copied',
      'left         ConfigMap hello-configmap in used, used by app (--all-copies)',
      '',
      nothingElse,
    ]);
    const all = await undeployed(cluster, '--all-copies');
    expect(all.lines).to.contain('deleted      ConfigMap hello-configmap in used');
    expect(all.lines).to.contain(
      'left         ConfigMap hello-configmap in changed, changed by somebody since it was copied',
    );
    await cluster.api.send('DELETE', '/api/v1/namespaces/changed/configmaps/hello-configmap');
  });

  it('leaves a namespace that holds anything else, and says what; of it only what is ours goes', async () => {
    await deploy(cluster, installation);
    const theirs = [
      object('v1', 'ConfigMap', 'settings', 'hello-system'),
      object('v1', 'Secret', 'password', 'hello-system'),
      object('v1', 'ServiceAccount', 'builder', 'hello-system'),
      object('v1', 'Service', 'shop', 'hello-system', { ports: [{ port: 80 }] }),
    ];
    for (const one of theirs) await apply(cluster.api, one, test);

    const { status, lines } = await undeployed(cluster);
    expect(status).to.equal(0);
    expect(lines.slice(-3)).to.deep.equal([
      'left         Namespace hello-system, which holds Service shop, ConfigMap settings, Secret password, ServiceAccount builder',
      '',
      nothingElse,
    ]);
    const left = (await listing(cluster)).filter((line) => line.includes('/hello-system/'));
    expect(left).to.deep.equal([
      '/api/v1/configmaps/hello-system/settings',
      '/api/v1/secrets/hello-system/password',
      '/api/v1/serviceaccounts/hello-system/builder',
      '/api/v1/services/hello-system/shop',
    ]);
    for (const one of theirs) await cluster.api.send('DELETE', await objectPath(cluster.api, one));
  });

  it('leaves a namespace that is not ours, and finds the Secrets of Certificates that are gone already', async () => {
    await prepareNamespace(cluster.api, 'hello-system');
    const secretOf = (certificate: string) => ({
      ...object('v1', 'Secret', certificate, 'hello-system'),
      metadata: {
        name: certificate,
        namespace: 'hello-system',
        annotations: { 'cert-manager.io/certificate-name': certificate },
      },
    });
    for (const name of ['hello-webhook-ca', 'theirs']) await apply(cluster.api, secretOf(name), test);

    const { status, lines } = await undeployed(cluster);
    expect(status).to.equal(0);
    expect(lines.slice(1)).to.deep.equal(['deleted      Secret hello-webhook-ca in hello-system', '', nothingElse]);
    expect(await read(cluster.api, '/api/v1/namespaces/hello-system/secrets/theirs')).to.not.equal(undefined);
  });

  it('takes nothing that only has our labels, in whatever namespace', async () => {
    const labels = instanceLabels(installation);
    const tenant = (kind: string, name: string, spec?: object) => {
      const one = object('v1', kind, name, kind === 'Namespace' ? undefined : 'labelled', spec);
      return { ...one, metadata: { ...one.metadata, labels } };
    };
    const theirs = [
      tenant('Namespace', 'labelled'),
      tenant('ConfigMap', 'settings'),
      tenant('ServiceAccount', 'builder'),
      tenant('Service', 'shop', { ports: [{ port: 80 }] }),
    ];
    await deploy(cluster, installation);
    for (const one of theirs) await apply(cluster.api, one, test);

    const { status, lines } = await undeployed(cluster);
    expect(status).to.equal(0);
    expect(lines.at(-1)).to.equal(nothingElse);
    const there = await Promise.all(theirs.map(async (one) => read(cluster.api, await objectPath(cluster.api, one))));
    expect(there.map((one) => one?.metadata.name)).to.deep.equal(theirs.map(({ metadata }) => metadata.name));
    expect(there[0]?.metadata.deletionTimestamp).to.equal(undefined);
  });

  it('takes a function that func or kn has made only where our webhook calls it', async () => {
    await prepareNamespace(cluster.api, 'typo');
    const template = { spec: { containers: [{ image: 'registry.test/shop:1' }] } };
    const service = (namespace: string) =>
      object('serving.knative.dev/v1', 'Service', 'hello-webhook', namespace, { template });
    await apply(cluster.api, service('typo'), test);
    const strange = await undeployed(cluster, '-n', 'typo');
    expect(strange.status).to.equal(0);
    expect(strange.lines.slice(1)).to.deep.equal([
      'left         Knative Service hello-webhook in typo, which no webhook of ours calls',
      '',
      nothingElse,
    ]);

    await deploy(cluster, installation, undefined);
    await apply(cluster.api, service('hello-system'), test);
    const ours = await undeployed(cluster);
    expect(ours.lines).to.contain('deleted      Knative Service hello-webhook in hello-system');
    expect(ours.lines.at(-1)).to.equal(nothingElse);
    expect(await read(cluster.api, await objectPath(cluster.api, service('typo')))).to.not.equal(undefined);
  });

  it('says how to take away what a cluster has once, as far as it is there', async () => {
    const config = (name: string, data: object) => ({ ...object('v1', 'ConfigMap', name, 'knative-serving'), data });
    const key = 'clusterLocalIssuerRef';
    const issuerRef = 'kind: ClusterIssuer\nname: hello-webhook-issuer\n';
    const platform = [
      config('config-network', { 'cluster-local-domain-tls': 'Enabled', 'ingress-class': 'theirs' }),
      config('config-certmanager', { [key]: issuerRef }),
      object('cert-manager.io/v1', 'ClusterIssuer', 'hello-webhook-issuer', undefined, { ca: { secretName: 'a' } }),
      object('v1', 'Secret', 'hello-webhook-authority', 'cert-manager'),
    ];
    for (const one of platform) await apply(cluster.api, one, test);
    const { lines } = await undeployed(cluster);
    const commands = lines.filter((line) => line.startsWith('left')).map((line) => line.slice(line.indexOf('kubectl')));
    expect(commands).to.deep.equal([
      `kubectl -n knative-serving patch configmap config-network --type=json -p '[{"op":"remove","path":"/data/cluster-local-domain-tls"}]'`,
      `kubectl -n knative-serving patch configmap config-certmanager --type=json -p '[{"op":"remove","path":"/data/clusterLocalIssuerRef"}]'`,
      'kubectl -n knative-serving rollout restart deployment/controller',
      'kubectl delete -k manifests/platform/issuer',
      'kubectl -n cert-manager delete secret hello-webhook-authority',
    ]);
    const env = { ...process.env, KUBECONFIG: cluster.server.kubeconfig };
    for (const command of commands.filter((one) => /patch|secret/.test(one)))
      expect(spawnSync('sh', ['-c', command], { env }).status, command).to.equal(0);
    const network = await read<ConfigMap>(cluster.api, '/api/v1/namespaces/knative-serving/configmaps/config-network');
    expect(network?.data).to.deep.equal({ 'ingress-class': 'theirs' });
  });
});

const test = { fieldManager: 'test' };

/** What the namespace controller says of a namespace whose deletion waits for what is in it. */
const remaining = [
  {
    type: 'NamespaceDeletionContentFailure',
    status: 'False',
    reason: 'ContentDeleted',
    message: 'All content successfully deleted, may be waiting on finalization',
  },
  {
    type: 'NamespaceContentRemaining',
    status: 'True',
    reason: 'SomeResourcesRemain',
    message: 'Some resources are remaining: configmaps. has 1 resource instances',
  },
  {
    type: 'NamespaceFinalizersRemaining',
    status: 'True',
    reason: 'SomeFinalizersRemain',
    message: 'Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances',
  },
];

/** Applies an overlay, with the Secrets that cert-manager would fill for its Certificates. */
async function deploy(
  { api }: Cluster,
  wanted: Installation,
  image: string | undefined = 'registry.test/hello:1',
): Promise<void> {
  await using cleanup = new AsyncDisposableStack();
  const { objects } = await render(
    { ...wanted, reach: 'gateway-kourier', image, components: ['ensure', 'network-policy'] },
    cleanup,
  );
  for (const one of objects) await apply(api, one, test);
  await prepareNamespace(api, wanted.namespace);
  for (const { metadata } of objects.filter(({ kind }) => kind === 'Certificate')) {
    const { name = '', namespace = '' } = metadata;
    const annotations = { 'cert-manager.io/certificate-name': name };
    await apply(api, { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace, annotations } }, test);
  }
}

/** The kinds that an overlay has, and what the controllers add to them. */
const collections = [
  '/api/v1/configmaps',
  '/api/v1/namespaces',
  '/api/v1/secrets',
  '/api/v1/serviceaccounts',
  '/api/v1/services',
  webhookConfigurations,
  '/apis/cert-manager.io/v1/certificates',
  '/apis/networking.internal.knative.dev/v1alpha1/clusterdomainclaims',
  '/apis/networking.k8s.io/v1/networkpolicies',
  '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
  '/apis/rbac.authorization.k8s.io/v1/clusterroles',
  '/apis/serving.knative.dev/v1/services',
  '/apis/serving.knative.dev/v1beta1/domainmappings',
];

/** All objects of those kinds by their names, but for what each namespace has: `/api/v1/services/default/kubernetes`. */
async function listing({ api }: Cluster, query = ''): Promise<string[]> {
  const objects = collections.map(async (collection) =>
    (await list<KubernetesObject>(api, `${collection}${query}`)).map(({ metadata: { namespace, name } }) =>
      [collection, namespace, name].filter(Boolean).join('/'),
    ),
  );
  return (await Promise.all(objects)).flat().filter((place) => !/\/serviceaccounts\/[^/]+\/default$/.test(place));
}

/**
 * Waits for what the API server does with new definitions after it has established them, and until it has made all
 * objects of its own: roles until it is ready, the Service `kubernetes` last.
 */
async function served(cluster: Cluster): Promise<void> {
  const hasMadeItsOwn = () =>
    Promise.all([cluster.api.text('/readyz'), cluster.api.text('/api/v1/namespaces/default/services/kubernetes')]).then(
      () => true,
      () => false,
    );
  while (!(await hasMadeItsOwn())) await delay(50);
  const isInitializing = () =>
    listing(cluster).then(
      () => false,
      (error) => {
        if (error instanceof ApiError && error.status === 429) return true;
        throw error;
      },
    );
  while (await isInitializing()) await delay(50);
}

function labelled(cluster: Cluster, wanted: Installation): Promise<string[]> {
  const labels = Object.entries(instanceLabels(wanted)).map((pair) => pair.join('='));
  return listing(cluster, `?labelSelector=${encodeURIComponent(labels.join(','))}`);
}

async function undeployed(cluster: Cluster, ...args: string[]): Promise<{ status: number | null; lines: string[] }> {
  const { status, output } = await cluster.run('undeploy', ...args);
  return { status, lines: output.split('\n') };
}

type ConfigMap = KubernetesObject & { data: Record<string, string> };

function configMap(namespace: string, data: Record<string, string>): ConfigMap {
  return { ...object('v1', 'ConfigMap', 'hello-configmap', namespace), data };
}

function object(apiVersion: string, kind: string, name: string, namespace?: string, spec?: object): KubernetesObject {
  return { apiVersion, kind, metadata: { name, ...(namespace && { namespace }) }, ...(spec && { spec }) };
}
