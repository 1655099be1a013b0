import { expect } from 'chai';
import { stringify } from 'yaml';
import { defaultInstallation } from '../../scripts/install/installation.ts';
import { listInstalled } from '../../scripts/install/inventory.ts';
import type { Wanted } from '../../scripts/install/overlay.ts';
import { render } from '../../scripts/install/render.ts';
import { read } from '../../scripts/kubernetes/read.ts';
import { helloInjectionWith } from '../support/hello-injection.ts';
import { injections } from '../support/overlay.ts';
import { stageCluster } from '../support/staged-cluster.ts';
import { describeOnApiServer } from './cluster.ts';

describeOnApiServer('a cluster with an installation', (cluster) => {
  const staged = stageCluster(cluster, 'gateway-kourier');

  for (const [[command, ...args], option, status, line] of [
    [['doctor'], '--namespace', 0, 'Nothing is known to be broken'],
    [['sync', '--dry-run'], '--namespace', 0, 'There are no copies of ConfigMaps of hello-system.'],
    [['explain', '-l', 'app=shop'], '--function-namespace', 1, 'no Pod found in default'],
  ] as const) {
    it(`is named by ${command} where another one is asked for, and only then`, async () => {
      const asked = [option, 'platform-hooks', '--name', 'file-injector'];
      expect((await cluster.run(command, ...args, ...asked)).output).to.contain(
        `There is no webhook file-injector of platform-hooks in this cluster: give ${option} hello-system --name hello-webhook`,
      );
      const { status: ended, output } = await cluster.run(command, ...args);
      expect(output).to.contain(line).and.not.to.contain('There is no webhook');
      expect(ended).to.equal(status);
    });
  }

  it('is named by undeploy where there is nothing of the one that is asked for, and stays as it is', async () => {
    const before = await listInstalled(cluster.api, defaultInstallation);
    const { status, output } = await cluster.run(
      'undeploy',
      '--namespace',
      'platform-hooks',
      '--name',
      'file-injector',
    );
    expect(output).to.contain(
      'There is no webhook file-injector of platform-hooks in this cluster: give --namespace hello-system --name hello-webhook',
    );
    expect(output).to.contain('Nothing of file-injector in platform-hooks was found.').and.not.to.contain('deleted');
    expect(status).to.equal(0);
    expect(await listInstalled(cluster.api, defaultInstallation)).to.deep.equal(before);
  });

  it('gives the Pods of the demo no file where its injections are others, as the demo says before it creates any', async () => {
    for (const other of [
      helloInjectionWith({ selector: { matchLabels: { 'company-ca': 'true' } } }),
      helloInjectionWith({ namespaces: { include: ['team-a'] } }),
      helloInjectionWith({ mount: { mountPath: '/etc/other' } }),
    ]) {
      await staged().deployInjections(other);
      const { status, output } = await cluster.run('demo', '--context', 'hello-webhook', '-n', 'show');
      expect(status).to.equal(1);
      expect(output).to.contain(
        "no injection of the cluster's gives a Pod of the demo /etc/config/hello.txt in namespace show, as that of manifests/demo/injection would; there is hello of hello-webhook in hello-system",
      );
      expect(await read(cluster.api, '/api/v1/namespaces/show')).to.equal(undefined);
    }
  });

  it('is not changed by another one beside it, in the eyes of doctor and sync', async () => {
    const seen = async () => [await cluster.run('doctor'), await cluster.run('sync', '--dry-run')];
    const before = await seen();
    expect(before.map(({ status }) => status)).to.deep.equal([0, 0]);
    expect(before[0]?.output).to.contain('Nothing is known to be broken');
    expect(before[1]?.output).to.equal('There are no copies of ConfigMaps of hello-system.');
    await using cleanup = new AsyncDisposableStack();
    const components: Wanted['components'] = ['ensure', 'sync', 'fail-closed', 'always-warm', 'network-policy'];
    const names = { name: 'file-injector', namespace: 'platform-hooks' };
    const wanted = { ...names, reach: 'gateway-kourier', image: 'mine', injections: stringify(injections) } as const;
    const { objects } = await render({ ...wanted, components }, cleanup);
    await staged().apply(objects);
    const listed = await listInstalled(cluster.api, names);
    expect(listed.map(({ kind }) => kind)).to.include.members(['MutatingWebhookConfiguration', 'Service', 'CronJob']);
    expect(await seen()).to.deep.equal(before);
  });
});
