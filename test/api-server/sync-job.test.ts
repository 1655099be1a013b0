import type { V1ClusterRole, V1ConfigMap } from '@kubernetes/client-node';
import { expect } from 'chai';
import { stringify } from 'yaml';
import { copyOf, fieldManager } from '../../function/copies/copy.ts';
import { render } from '../../scripts/install/render.ts';
import { apply } from '../../scripts/kubernetes/apply.ts';
import { ApiError, connect } from '../../scripts/kubernetes/client.ts';
import type { KubernetesObject } from '../../scripts/kubernetes/object.ts';
import { read } from '../../scripts/kubernetes/read.ts';
import { prepareNamespace } from '../../scripts/local/api-server.ts';
import { startChild } from '../../scripts/local/child.ts';
import { requireKubectl } from '../support/definitions.ts';
import { injections, OutsideFolder } from '../support/overlay.ts';
import { type Cluster, describeOnApiServer } from './cluster.ts';

const installation = { name: 'file-injector', namespace: 'platform-hooks' };
const team = { team: 'a' };
const kinds = ['ServiceAccount', 'ClusterRole', 'ClusterRoleBinding', 'CronJob', 'ConfigMap'];

describeOnApiServer('the component sync', (cluster) => {
  let kubeconfig: string;
  let role: KubernetesObject & V1ClusterRole;

  before(async function () {
    requireKubectl(this);
    for (const namespace of [installation.namespace, 'one', 'two', 'three', 'labelled', 'elsewhere']) {
      await prepareNamespace(cluster.api, namespace);
    }
    await using cleanup = new AsyncDisposableStack();
    const wanted = {
      ...installation,
      reach: 'gateway-kourier',
      image: 'mine',
      injections: stringify(injections),
    } as const;
    const { objects } = await render({ ...wanted, components: ['sync'] }, cleanup);
    for (const object of objects.filter(({ kind }) => kinds.includes(kind))) await applyAs(cluster, 'test', object);
    const rendered = objects.find(({ kind }) => kind === 'ClusterRole');
    if (!rendered) throw new Error('there is no ClusterRole');
    role = rendered as typeof role;
    await applyAs(cluster, 'test', companyCa(installation.namespace, 'new'));
    kubeconfig = await cluster.kubeconfigOf(installation.namespace, 'file-injector.sync');
  });

  it('brings copies up to date with just its permissions, and leaves what is not its own', async () => {
    await copyTo(cluster, 'one', 'old');
    await copyTo(cluster, 'two', 'old');
    await applyAs(cluster, 'somebody', companyCa('two', 'their own'));
    await applyAs(cluster, 'somebody', companyCa('three', 'no copy'));
    const { status, records } = await sync(kubeconfig);
    expect(records).to.deep.equal([
      { severity: 'INFO', message: 'updated', configMap: 'company-ca', namespace: 'one' },
      { severity: 'WARNING', message: 'changed', configMap: 'company-ca', namespace: 'two' },
      { severity: 'INFO', message: 'synced', configMaps: ['company-ca'] },
    ]);
    expect(status).to.equal(0);
    const stored = await Promise.all(['one', 'two', 'three'].map((namespace) => textIn(cluster, namespace)));
    expect(stored).to.deep.equal(['new', 'their own', 'no copy']);
  });

  it('hands nothing out to where no injection ensures it, whatever a ConfigMap of a tenant says', async () => {
    await applyAs(cluster, 'test', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'labelled', labels: team },
    });
    for (const namespace of ['one', 'labelled', 'elsewhere', 'kube-system']) await copyTo(cluster, namespace, 'old');
    const [ca, scratch] = injections.injections;
    const inOne = { ...ca, namespaces: { include: ['one'] } };
    const inTeam = { ...ca, name: 'of-team', namespaceSelector: { matchLabels: team } };
    const { status, records } = await sync(kubeconfig, { injections: [inOne, inTeam, scratch] });
    expect(status).to.equal(0);
    expect(records.filter(({ message }) => message === 'updated').map(({ namespace }) => namespace)).to.have.members([
      'one',
      'labelled',
    ]);
    expect([await textIn(cluster, 'elsewhere'), await textIn(cluster, 'kube-system')]).to.deep.equal(['old', 'old']);
  });

  it('may do nothing else', async () => {
    const api = connect({ kubeconfig });
    const body = companyCa('one', 'x');
    const other = { ...body, metadata: { name: 'other' } };
    const configMaps = '/api/v1/namespaces/one/configmaps';
    const contentType = 'application/merge-patch+json';
    const calls = [
      api.send('GET', '/api/v1/configmaps'),
      api.send('GET', configMaps),
      api.send('GET', `${configMaps}/other`),
      api.send('POST', configMaps, { body: other }),
      api.send('PATCH', `${configMaps}/other`, { body: {}, contentType }),
      api.send('PUT', `${configMaps}/company-ca`, { body }),
      api.send('DELETE', `${configMaps}/company-ca`),
      api.send('GET', '/api/v1/namespaces/one'),
      api.send('GET', '/api/v1/namespaces/one/secrets'),
      api.send('GET', '/api/v1/namespaces/one/pods'),
    ];
    const statuses = await Promise.all(calls.map((call) => call.then(() => 200, statusOf)));
    expect(statuses).to.deep.equal(calls.map(() => 403));
  });

  for (const [index, verb] of [
    [0, 'get'],
    [0, 'patch'],
    [1, 'list'],
  ] as const) {
    it(`needs each of them: without ${verb} it fails, and says so`, async () => {
      await copyTo(cluster, 'one', 'old');
      const rules = role.rules?.map((rule, at) =>
        at === index ? { ...rule, verbs: rule.verbs.filter((one) => one !== verb) } : rule,
      );
      // A rule without verbs is none that the API server takes.
      await applyAs(cluster, 'test', { ...role, rules: rules?.filter(({ verbs }) => verbs.length > 0) });
      try {
        // The API server's own authorizer sees a changed role a moment later.
        let run = await sync(kubeconfig);
        while (run.status === 0) {
          await copyTo(cluster, 'one', 'old');
          run = await sync(kubeconfig);
        }
        expect(run.status).to.equal(1);
        const [record] = run.records.filter(({ severity }) => severity === 'ERROR');
        expect(record?.message).to.match(/forbidden: apply the component sync$/);
        expect(await textIn(cluster, 'one')).to.equal('old');
      } finally {
        await applyAs(cluster, 'test', role);
      }
    });
  }
});

async function applyAs(cluster: Cluster, manager: string, object: object): Promise<void> {
  await apply(cluster.api, object as KubernetesObject, { fieldManager: manager, force: true });
}

function companyCa(namespace: string, text: string): V1ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'company-ca', namespace }, data: { 'ca.crt': text } };
}

/** A copy as the function has made it. */
async function copyTo(cluster: Cluster, namespace: string, text: string): Promise<void> {
  await applyAs(cluster, fieldManager, copyOf(companyCa(installation.namespace, text), namespace));
}

async function textIn(cluster: Cluster, namespace: string): Promise<string | undefined> {
  const configMap = await read<V1ConfigMap>(cluster.api, `/api/v1/namespaces/${namespace}/configmaps/company-ca`);
  return configMap?.data?.['ca.crt'];
}

function statusOf(error: unknown): number {
  if (error instanceof ApiError) return error.status;
  throw error;
}

type LogRecord = { severity: string; message: string } & Record<string, unknown>;

/** What the CronJob's container does, by this ServiceAccount. */
async function sync(
  kubeconfig: string,
  configured: object = injections,
): Promise<{ status: number | null; records: LogRecord[] }> {
  await using cleanup = new AsyncDisposableStack();
  const folder = new OutsideFolder(cleanup);
  folder.write('injections.yaml', configured);
  const env = { ...process.env, KUBECONFIG: kubeconfig, INJECTIONS: `${folder.path}/injections.yaml` };
  const child = startChild(process.execPath, ['function/start.ts', 'sync'], { cleanup, env });
  return { status: await child.exit, records: child.lines.map((line) => JSON.parse(line)) };
}
