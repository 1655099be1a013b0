import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { connect } from '../../scripts/cluster/kubernetes-api.ts';
import { startChild } from '../../scripts/local/child.ts';
import { describeOnApiServer, helloInjection, type Pod } from './cluster.ts';

describeOnApiServer('npm run demo', (cluster) => {
  it('shows both Pods as a real API server has stored them', async () => {
    await using cleanup = new AsyncDisposableStack();
    const demo = startChild(process.execPath, ['scripts/demo.ts'], { cleanup });
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
    const demo = startChild(process.execPath, ['scripts/demo.ts', '-f', file, '--keep'], { cleanup });
    const kubeconfig = await demo.waitFor((line) => /export KUBECONFIG=(.+)/.exec(line)?.[1]);
    const api = connect({ kubeconfig });
    const { object } = await api.send<{ items: Pod[] }>('GET', '/api/v1/namespaces/shop/pods');
    expect(object.items.map(({ metadata }) => metadata.labels)).to.deep.equal([{ hello: 'true', 'hello-added': 'OK' }]);
    demo.signal('SIGINT');
    expect(await demo.exit).to.equal(130);
    const error = await api.send('GET', '/version').catch((reason) => reason);
    expect(error.message).to.contain('cannot be asked: ECONNREFUSED');
  });

  it('goes on with the next where one is refused, and says what it leaves out and which Pod the client is warned of', async () => {
    await using cleanup = new AsyncDisposableStack();
    const file = join(dirname(cluster.server.kubeconfig), 'mixed.yaml');
    await writeFile(file, mixed);
    const demo = startChild(process.execPath, ['scripts/demo.ts', '-f', file], { cleanup });
    expect(await demo.exit).to.equal(1);
    const output = demo.lines.join('\n');
    expect(output).to.contain('Left out     Service shop: no Pod');
    expect(output).to.match(/Error: Pod broken: .*spec\.containers/);
    expect(output).to.contain('Warning: hello: container app: /etc/config is taken by volume own');
    expect(output).to.match(/^db-\w+ .*OK$/m);
  });

  it('takes other injections by INJECTIONS', async () => {
    await using cleanup = new AsyncDisposableStack();
    const file = join(dirname(cluster.server.kubeconfig), 'injections.yaml');
    await writeFile(
      file,
      helloInjection.replace('{hello-added: OK}', '{by: others}').replace('hello: "true"', 'app: busybox'),
    );
    const env = { ...process.env, INJECTIONS: file };
    const demo = startChild(process.execPath, ['scripts/demo.ts'], { cleanup, env });
    expect(await demo.exit).to.equal(0);
    expect(demo.lines.filter((line) => /^busybox-\d .* others$/.test(line))).to.have.length(2);
  });
});

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
