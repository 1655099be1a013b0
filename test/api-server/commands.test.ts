import { expect } from 'chai';
import { copyOf, fieldManager } from '../../function/cluster.ts';
import { instanceLabels } from '../../scripts/cluster/installation.ts';
import { apply, type KubernetesObject, read } from '../../scripts/cluster/kubernetes-api.ts';
import { prepareNamespace } from '../../scripts/local/api-server.ts';
import { startChild } from '../../scripts/local/child.ts';
import { type Cluster, describeOnApiServer } from './cluster.ts';

const installation = { name: 'hello-webhook', namespace: 'hello-system' };

describeOnApiServer('npm run sync', (cluster) => {
  const source = (text: string) => configMap(installation.namespace, { 'hello.txt': text });
  const stored = async (namespace: string) =>
    (await read<ConfigMap>(cluster.api, `/api/v1/namespaces/${namespace}/configmaps/hello-configmap`))?.data;

  before(async () => {
    for (const name of [installation.namespace, 'one', 'two']) await prepareNamespace(cluster.api, name);
    await apply(cluster.api, source('new'), { fieldManager: 'test' });
  });

  it('brings copies up to date, and leaves alone what somebody has changed, and what is not ours', async () => {
    for (const namespace of ['one', 'two']) {
      const copy = copyOf(source('old'), namespace) as KubernetesObject;
      await apply(cluster.api, copy, { fieldManager });
    }
    await apply(cluster.api, configMap('two', { 'hello.txt': 'their own' }), { fieldManager: 'somebody', force: true });
    await apply(cluster.api, configMap('default', { 'hello.txt': 'not a copy' }), { fieldManager: 'somebody' });

    const tried = await run(cluster, 'sync', '--dry-run');
    expect(tried.output).to.contain('one/hello-configmap: would be updated');
    expect(await stored('one')).to.deep.equal({ 'hello.txt': 'old' });

    const synced = await run(cluster, 'sync');
    expect(synced.output).to.contain('one/hello-configmap: updated');
    expect(synced.output).to.contain(
      'two/hello-configmap: was changed by somebody else: left alone (--force overwrites it)',
    );
    expect(synced.status).to.equal(1);
    expect(await stored('one')).to.deep.equal({ 'hello.txt': 'new' });
    expect(await stored('two')).to.deep.equal({ 'hello.txt': 'their own' });
    expect(await stored('default')).to.deep.equal({ 'hello.txt': 'not a copy' });

    const forced = await run(cluster, 'sync', '--force');
    expect(forced.output).to.contain('one/hello-configmap: up to date');
    expect(forced.status).to.equal(0);
    expect(await stored('two')).to.deep.equal({ 'hello.txt': 'new' });
  });
});

describeOnApiServer('npm run sync, of a copy with a key that somebody has added', (cluster) => {
  it('leaves it alone and says so each time, and with --force makes it just what its source is', async () => {
    for (const name of [installation.namespace, 'one']) await prepareNamespace(cluster.api, name);
    const source = (text: string) => configMap(installation.namespace, { 'hello.txt': text });
    const stored = async () =>
      (await read<ConfigMap>(cluster.api, '/api/v1/namespaces/one/configmaps/hello-configmap'))?.data;
    const synced = async (...args: string[]) => await run(cluster, 'sync', ...args);
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
  it('deletes what carries the label and copies that nothing uses, names what it leaves, and nothing else', async () => {
    const labels = instanceLabels(installation);
    const webhook = {
      ...object('admissionregistration.k8s.io/v1', 'MutatingWebhookConfiguration', 'hello-webhook'),
      metadata: { name: 'hello-webhook', labels },
    };
    for (const name of ['hello-system', 'unused', 'used', 'gateway']) await prepareNamespace(cluster.api, name);
    const service = {
      ...object('v1', 'Service', 'hello-webhook', 'gateway'),
      metadata: { name: 'hello-webhook', namespace: 'gateway', labels },
      spec: { ports: [{ port: 443 }] },
    };
    const foreign = { ...service, metadata: { name: 'foreign', namespace: 'gateway' } };
    for (const one of [webhook, service, foreign]) await apply(cluster.api, one, { fieldManager: 'test' });
    for (const where of ['unused', 'used']) {
      await apply(cluster.api, copyOf(configMap('hello-system', {}), where) as KubernetesObject, { fieldManager });
    }
    const volumes = [{ name: 'hello-volume', configMap: { name: 'hello-configmap' } }];
    await cluster.createPod('used', {
      metadata: { name: 'app' },
      spec: { volumes, containers: [{ name: 'app', image: 'app:1' }] },
    });

    const { output } = await run(cluster, 'undeploy');
    expect(output).to.contain('deleted      Service hello-webhook in gateway');
    expect(output).to.contain('deleted      ConfigMap hello-configmap in unused');
    expect(output).to.contain('left         ConfigMap hello-configmap in used, used by app (--all-copies)');
    expect(await read(cluster.api, '/api/v1/namespaces/gateway/services/foreign')).to.not.equal(undefined);
    const [deleted] = output.split('\n').filter((line) => line.startsWith('deleted'));
    expect(deleted).to.equal('deleted      MutatingWebhookConfiguration hello-webhook');
  });
});

type ConfigMap = KubernetesObject & { data: Record<string, string> };

function configMap(namespace: string, data: Record<string, string>): ConfigMap {
  return { ...object('v1', 'ConfigMap', 'hello-configmap', namespace), data };
}

function object(apiVersion: string, kind: string, name: string, namespace?: string): KubernetesObject {
  return { apiVersion, kind, metadata: { name, ...(namespace && { namespace }) } };
}

async function run(
  cluster: Cluster,
  command: string,
  ...args: string[]
): Promise<{ status: number | null; output: string }> {
  await using cleanup = new AsyncDisposableStack();
  const env = { ...process.env, KUBECONFIG: cluster.server.kubeconfig };
  const child = startChild(process.execPath, [`scripts/${command}.ts`, ...args], { cleanup, env });
  return { status: await child.exit, output: child.lines.join('\n') };
}
