import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { demoOnCluster } from '../../scripts/install/demo.ts';
import { apply } from '../../scripts/kubernetes/apply.ts';
import { connect, type KubernetesApi } from '../../scripts/kubernetes/client.ts';
import { list, read } from '../../scripts/kubernetes/read.ts';
import { prepareNamespace } from '../../scripts/local/api-server.ts';
import { startChild } from '../../scripts/local/child.ts';
import { helloInjectionWith } from '../support/hello-injection.ts';
import { finalizeNamespaces } from '../support/namespaces.ts';
import { type Cluster, describeOnApiServer, type Pod } from './cluster.ts';

describeOnApiServer('npm run demo', (cluster) => {
  it('shows both Pods as a real API server has stored them', async () => {
    await using cleanup = new AsyncDisposableStack();
    const demo = startChild(process.execPath, ['scripts/hello-webhook.ts', 'demo'], { cleanup });
    expect(await demo.exit).to.equal(0);
    const start = demo.lines.indexOf('$ kubectl get pod -l app=busybox -L hello-added');
    expect(
      demo.lines.slice(start + 1, start + 4).map((line) => line.replace(/\d+s/, '').split(/\s{2,}/)),
    ).to.deep.equal([
      ['NAME', 'READY', 'STATUS', 'RESTARTS', 'AGE', 'HELLO-ADDED'],
      ['busybox-1', '0/1', 'Pending', '0', 'OK'],
      ['busybox-2', '0/1', 'Pending', '0', ''],
    ]);
    expect(demo.lines.join('\n')).to.match(
      /- name: hello-volume\n +configMap:\n +name: hello-configmap\n +defaultMode: 420/,
    );
    expect(demo.lines.join('\n')).to.match(/- name: hello-volume\n +readOnly: true\n +mountPath: \/etc\/config/);
  });

  it('shows it for the Pod of any workload with -f, keeps running with --keep, and stops everything on Ctrl-C', async () => {
    await using cleanup = new AsyncDisposableStack();
    const file = join(dirname(cluster.server.kubeconfig), 'deployment.yaml');
    await writeFile(file, deployment);
    const demo = startChild(process.execPath, ['scripts/hello-webhook.ts', 'demo', '-f', file, '--keep'], { cleanup });
    const kubeconfig = await demo.waitFor((line) => /export KUBECONFIG=(.+)/.exec(line)?.[1]);
    const api = connect({ kubeconfig });
    const { object } = await api.send<{ items: Pod[] }>('GET', '/api/v1/namespaces/shop/pods');
    expect(object.items.map(({ metadata }) => metadata.labels)).to.deep.equal([{ hello: 'true', 'hello-added': 'OK' }]);
    demo.signal('SIGINT');
    expect(await demo.exit).to.equal(130);
    const error = await api.send('GET', '/version').catch((reason) => reason);
    expect(error.message).to.contain('cannot be reached: ECONNREFUSED');
  });

  it('goes on with the next where one is refused, and says what it leaves out and which Pod the client is warned of', async () => {
    await using cleanup = new AsyncDisposableStack();
    const file = join(dirname(cluster.server.kubeconfig), 'mixed.yaml');
    await writeFile(file, mixed);
    const demo = startChild(process.execPath, ['scripts/hello-webhook.ts', 'demo', '-f', file], { cleanup });
    expect(await demo.exit).to.equal(1);
    const output = demo.lines.join('\n');
    expect(output).to.contain('Left out     Service shop: no Pod');
    expect(output).to.match(/Error: Pod broken: .*spec\.containers/);
    expect(output).to.contain('Warning: Pod own: hello: container app: /etc/config is taken by volume own');
    expect(output).to.match(/^db-\w+ .*OK$/m);
  });

  it('takes other injections by INJECTIONS', async () => {
    await using cleanup = new AsyncDisposableStack();
    const file = join(dirname(cluster.server.kubeconfig), 'injections.yaml');
    await writeFile(
      file,
      helloInjectionWith({ labels: { by: 'others' }, selector: { matchLabels: { app: 'busybox' } } }),
    );
    const env = { ...process.env, INJECTIONS: file };
    const demo = startChild(process.execPath, ['scripts/hello-webhook.ts', 'demo'], { cleanup, env });
    expect(await demo.exit).to.equal(0);
    expect(demo.lines.filter((line) => /^busybox-\d .* others$/.test(line))).to.have.length(2);
  });

  it('says why no injection is for a Pod, and that nothing is copied where there is no cluster', async () => {
    await using cleanup = new AsyncDisposableStack();
    const file = join(dirname(cluster.server.kubeconfig), 'ensured.yaml');
    await writeFile(file, helloInjectionWith({ ensure: true }));
    const env = { ...process.env, INJECTIONS: file };
    const demo = startChild(process.execPath, ['scripts/hello-webhook.ts', 'demo'], { cleanup, env });
    expect(await demo.exit).to.equal(0);
    const output = demo.lines.join('\n');
    expect(output).to.contain('Copies       none: here is no cluster for `ensure` to copy ConfigMaps in');
    expect(output).to.contain('Pod busybox-2 is not selected by hello: label hello must be "true", and is not set');
    expect(output).not.to.contain('Warning');
    expect(output).not.to.contain('Pod busybox-1 is not selected');
  });
});

describeOnApiServer('npm run demo in a cluster', (cluster) => {
  const podsOf = async (namespace: string) =>
    (await list<Pod>(cluster.api, `/api/v1/namespaces/${namespace}/pods`)).map(({ metadata }) => metadata.name);
  const start = (cleanup: AsyncDisposableStack, kubeconfig: string, namespace: string) =>
    startChild(process.execPath, ['scripts/hello-webhook.ts', 'demo', '--context', 'hello-webhook', '-n', namespace], {
      cleanup,
      env: { ...process.env, KUBECONFIG: kubeconfig },
    });

  it('names the Pods that are in its way, and leaves them alone', async () => {
    await using cleanup = new AsyncDisposableStack();
    await prepareNamespace(cluster.api, 'theirs');
    const spec = { containers: [{ name: 'app', image: 'app' }] };
    await cluster.createPod('theirs', { metadata: { name: 'busybox-1' }, spec });
    const demo = start(cleanup, cluster.server.kubeconfig, 'theirs');
    expect(await demo.exit).to.equal(1);
    expect(demo.lines).to.deep.equal([
      'namespace theirs has busybox-1 already: delete what is there, or give another --namespace',
    ]);
    expect(await podsOf('theirs')).to.deep.equal(['busybox-1']);
  });

  it('takes away what it has created, for one who may not create namespaces, too', async () => {
    await using cleanup = new AsyncDisposableStack();
    await prepareNamespace(cluster.api, 'limited');
    const demo = start(cleanup, await kubeconfigOfDeveloper(cluster, 'limited'), 'limited');
    await demo.waitFor((line) => /waiting for busybox-1 to run/.exec(line) ?? undefined);
    expect(await podsOf('limited')).to.deep.equal(['busybox-1', 'busybox-2']);
    demo.signal('SIGINT');
    expect(await demo.exit).to.equal(130);
    expect(await podsOf('limited')).to.deep.equal([]);
  });

  it('leaves no namespace where it is interrupted as that is being created', async () => {
    await using controller = new AsyncDisposableStack();
    const cleanup = new AsyncDisposableStack();
    const { api } = cluster;
    let cleaned: Promise<void> | undefined;
    const send: KubernetesApi['send'] = (method, path, options) => {
      if (path.includes('/serviceaccounts/')) throw new Error('interrupted: the process has ended');
      const sent = api.send<never>(method, path, options);
      if (method === 'POST') cleaned = Promise.resolve().then(() => cleanup.disposeAsync());
      return sent;
    };
    finalizeNamespaces(api, controller);
    const options = { namespace: 'interrupted', keep: false };
    await demoOnCluster({ ...api, send }, options, { progress: () => {}, cleanup }).catch(() => {});
    await cleaned;
    expect(await read(api, '/api/v1/namespaces/interrupted')).to.equal(undefined);
  });

  it('leaves a Pod alone that somebody else has made under the same name since', async () => {
    await using cleanup = new AsyncDisposableStack();
    await prepareNamespace(cluster.api, 'replaced');
    const demo = start(cleanup, cluster.server.kubeconfig, 'replaced');
    await demo.waitFor((line) => /waiting for busybox-1 to run/.exec(line) ?? undefined);
    await cluster.api.send('DELETE', '/api/v1/namespaces/replaced/pods/busybox-1');
    const spec = { containers: [{ name: 'app', image: 'app' }] };
    await cluster.createPod('replaced', { metadata: { name: 'busybox-1' }, spec });
    demo.signal('SIGINT');
    expect(await demo.exit).to.equal(130);
    expect(await podsOf('replaced')).to.deep.equal(['busybox-1']);
  });
});

/** A kubeconfig for one who may work in a namespace, and nothing else. */
async function kubeconfigOfDeveloper(cluster: Cluster, namespace: string): Promise<string> {
  const { api } = cluster;
  const metadata = { name: 'developer', namespace };
  const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata };
  const rules = [{ apiGroups: [''], resources: ['pods', 'serviceaccounts'], verbs: ['*'] }];
  const subjects = [{ kind: 'ServiceAccount', name: 'default', namespace }];
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'developer' };
  await apply(api, { ...rbac, kind: 'Role', rules }, { fieldManager: 'test' });
  await apply(api, { ...rbac, kind: 'RoleBinding', subjects, roleRef }, { fieldManager: 'test' });
  return cluster.kubeconfigOf(namespace);
}

const mixed = `
apiVersion: v1
kind: Service
metadata: {name: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: broken}
spec: {containers: []}
---
apiVersion: v1
kind: Pod
metadata: {name: own, labels: {hello: "true"}}
spec:
  containers: [{name: app, image: "app:1", volumeMounts: [{name: own, mountPath: /etc/config}]}]
  volumes: [{name: own, emptyDir: {}}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  template:
    metadata: {labels: {hello: "true"}}
    spec:
      containers: [{name: db, image: "db:1", volumeMounts: [{name: data, mountPath: /data}]}]
  volumeClaimTemplates:
    - metadata: {name: data}
`;

const deployment = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, namespace: shop}
spec:
  selector: {matchLabels: {hello: "true"}}
  template:
    metadata: {labels: {hello: "true"}}
    spec:
      serviceAccountName: shop
      containers: [{name: shop, image: "shop:1"}]
`;
