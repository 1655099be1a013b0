import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { startChild } from '../../scripts/child.ts';
import { connect } from '../../scripts/kubernetes-api.ts';
import { describeOnApiServer, type Pod } from './cluster.ts';

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
    const api = connect(kubeconfig);
    const { object } = await api.send<{ items: Pod[] }>('GET', '/api/v1/namespaces/shop/pods');
    expect(object.items.map(({ metadata }) => metadata.labels)).to.deep.equal([{ hello: 'true', 'hello-added': 'OK' }]);
    demo.signal('SIGINT');
    expect(await demo.exit).to.equal(130);
    const error = await api.send('GET', '/version').catch((reason) => reason);
    expect(error).to.have.property('code', 'ECONNREFUSED');
  });
});

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
