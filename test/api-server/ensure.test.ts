import { expect } from 'chai';
import { connectToCluster } from '../../function/copies/config-maps.ts';
import { copyOf, fieldManager } from '../../function/copies/copy.ts';
import { defaultInstallation } from '../../scripts/install/installation.ts';
import { render } from '../../scripts/install/render.ts';
import { apply } from '../../scripts/kubernetes/apply.ts';
import type { ApiError } from '../../scripts/kubernetes/client.ts';
import type { KubernetesObject } from '../../scripts/kubernetes/object.ts';
import { prepareNamespace } from '../../scripts/local/api-server.ts';
import type { FunctionServer } from '../../scripts/local/function-server.ts';
import { requireKubectl } from '../support/definitions.ts';
import { helloInjectionWith, helloPod } from '../support/hello-injection.ts';
import { type Cluster, describeOnApiServer } from './cluster.ts';

const ensured = helloInjectionWith({ ensure: true });
const source = { 'hello.txt': 'from the source\n' };

describeOnApiServer('ensure', (cluster) => {
  let server: FunctionServer;
  const namespace = () => cluster.namespaceWith(server, ensured, { sideEffects: 'NoneOnDryRun' });

  before(async function () {
    requireKubectl(this);
    await using cleanup = new AsyncDisposableStack();
    const { objects } = await render(
      { ...defaultInstallation, reach: 'cluster-local-url', image: undefined, components: ['ensure'] },
      cleanup,
    );
    await prepareNamespace(cluster.api, 'hello-system', 'hello-webhook');
    await createConfigMap(cluster, 'hello-system', source);
    for (const object of objects.filter(({ apiVersion }) => apiVersion.startsWith('rbac.authorization.k8s.io/'))) {
      await apply(cluster.api, object, { fieldManager: 'test' });
    }
    server = await cluster.startFunction(ensured, {
      KUBECONFIG: await cluster.kubeconfigOf('hello-system', 'hello-webhook'),
    });
  });

  it('copies the ConfigMap to where the Pod is, marked as ours, with no more permissions than the component gives', async () => {
    const where = await namespace();
    const { warnings } = await cluster.createPod(where, helloPod);
    expect(warnings).to.deep.equal([]);
    const { metadata, data } = await configMap(cluster, where);
    expect(data).to.deep.equal(source);
    expect(metadata.labels).to.deep.equal({ 'app.kubernetes.io/managed-by': 'hello-webhook' });
    expect(metadata.annotations).to.deep.equal({ 'hello-webhook/copied-from': 'hello-system' });
  });

  it('leaves one that is there as it is', async () => {
    const where = await namespace();
    await createConfigMap(cluster, where, { 'hello.txt': 'their own\n' });
    const { warnings } = await cluster.createPod(where, helloPod);
    expect(warnings).to.deep.equal([]);
    expect((await configMap(cluster, where)).data).to.deep.equal({ 'hello.txt': 'their own\n' });
  });

  it('brings a copy that is out of date up to date, and removes what its source no longer has', async () => {
    const where = await namespace();
    await copyTo(cluster, where, { 'hello.txt': 'old\n', 'removed.txt': 'old\n' });
    const { warnings } = await cluster.createPod(where, helloPod);
    expect(warnings).to.deep.equal([]);
    expect((await configMap(cluster, where)).data).to.deep.equal(source);
  });

  it('leaves a copy as it is that somebody has changed, even by a key of their own', async () => {
    for (const theirs of [{ 'hello.txt': 'their own\n' }, { 'more.txt': 'their own\n' }]) {
      const where = await namespace();
      await copyTo(cluster, where, { 'hello.txt': 'old\n' });
      const path = `/api/v1/namespaces/${where}/configmaps/hello-configmap`;
      await cluster.api.send('PATCH', path, { body: { data: theirs }, contentType: 'application/merge-patch+json' });
      const { warnings } = await cluster.createPod(where, helloPod);
      expect(warnings).to.deep.equal([]);
      expect((await configMap(cluster, where)).data).to.deep.equal({ 'hello.txt': 'old\n', ...theirs });
    }
  });

  it("leaves another installation's copy as it is, one that is immutable, and one that has our label alone", async () => {
    const old = { 'hello.txt': 'old\n' };
    const copies = [
      copyOf({ metadata: { name: 'hello-configmap', namespace: 'other-system' }, data: old }, ''),
      copyOf({ metadata: { name: 'hello-configmap', namespace: 'hello-system' }, data: old, immutable: true }, ''),
      copyOf({ metadata: { name: 'hello-configmap' }, data: old }, ''),
    ];
    for (const copy of copies) {
      const where = await namespace();
      const object = { ...copy, metadata: { ...copy.metadata, namespace: where } } as KubernetesObject;
      await apply(cluster.api, object, { fieldManager });
      const { warnings } = await cluster.createPod(where, helloPod);
      expect(warnings).to.deep.equal([]);
      expect((await configMap(cluster, where)).data).to.deep.equal(old);
    }
  });

  it('copies nothing on a dry run, and brings nothing up to date', async () => {
    const where = await namespace();
    await cluster.createPod(where, helloPod, '?dryRun=All');
    expect(await configMap(cluster, where).catch((error: ApiError) => error.status)).to.equal(404);
    await copyTo(cluster, where, { 'hello.txt': 'old\n' });
    await cluster.createPod(where, helloPod, '?dryRun=All');
    expect((await configMap(cluster, where)).data).to.deep.equal({ 'hello.txt': 'old\n' });
  });

  it('serves twenty Pods at once', async () => {
    const where = await namespace();
    const all = Array.from({ length: 20 }, (_, index) => ({
      ...helloPod,
      metadata: { ...helloPod.metadata, name: `app-${index}` },
    }));
    const created = await Promise.all(all.map((one) => cluster.createPod(where, one)));
    expect(created.flatMap(({ warnings }) => warnings)).to.deep.equal([]);
    expect((await configMap(cluster, where)).data).to.deep.equal(source);
  });

  it('warns, and lets the Pod in, where the source is missing or the rights are', async () => {
    const other = helloInjectionWith({
      volume: { name: 'hello-volume', configMap: { name: 'other-configmap' } },
      ensure: true,
    });
    const otherServer = await cluster.startFunction(other, {
      KUBECONFIG: await cluster.kubeconfigOf('hello-system', 'hello-webhook'),
    });
    const where = await cluster.namespaceWith(otherServer, other, { sideEffects: 'NoneOnDryRun' });
    const { warnings } = await cluster.createPod(where, helloPod);
    const text = `ConfigMap other-configmap is not ensured: cannot read ConfigMap other-configmap in ${where}: forbidden: apply the component ensure`;
    expect(warnings).to.deep.equal([`${text.slice(0, 119)}…`]);
    const [record] = await otherServer.records(({ decision }) => decision === 'injected');
    expect(record?.skipped).to.deep.equal(warnings);
  });

  it('says what is missing where the function has no access to the API', async () => {
    const alone = await cluster.startFunction(ensured);
    const where = await cluster.namespaceWith(alone, ensured, { sideEffects: 'NoneOnDryRun' });
    const { warnings } = await cluster.createPod(where, helloPod);
    expect(warnings).to.deep.equal([
      'ConfigMap hello-configmap is not ensured: the function has no access to the API: apply the component ensure',
    ]);
  });

  it('gives up when the API server would', async () => {
    const access = connectToCluster({ KUBECONFIG: await cluster.kubeconfigOf('hello-system', 'hello-webhook') });
    const error = await access
      .ensureConfigMap('default', 'hello-configmap', AbortSignal.abort())
      .catch((reason) => reason);
    expect(error.message).to.equal('the API server did not answer in time');
  });
});

type ConfigMap = KubernetesObject & { data?: Record<string, string> };

async function configMap(cluster: Cluster, namespace: string): Promise<ConfigMap> {
  return (await cluster.api.send<ConfigMap>('GET', `/api/v1/namespaces/${namespace}/configmaps/hello-configmap`))
    .object;
}

/** A copy as the function has made it of a source that said something else. */
async function copyTo(cluster: Cluster, namespace: string, data: Record<string, string>): Promise<void> {
  const old = { metadata: { name: 'hello-configmap', namespace: 'hello-system' }, data };
  await apply(cluster.api, copyOf(old, namespace) as KubernetesObject, { fieldManager });
}

async function createConfigMap(cluster: Cluster, namespace: string, data: object): Promise<void> {
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'hello-configmap' }, data };
  await cluster.api.send('POST', `/api/v1/namespaces/${namespace}/configmaps`, { body });
}
