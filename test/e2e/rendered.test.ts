import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { listInstalled } from '../../scripts/install/inventory.ts';
import { functionPods, isAlwaysWarm, readService } from '../../scripts/install/knative-service.ts';
import { readNetwork } from '../../scripts/install/platform.ts';
import { type Conditioned, notReady } from '../../scripts/kubernetes/conditions.ts';
import { OutsideFolder } from '../support/overlay.ts';
import { askForFile, countInjected, describeOnCluster, image, succeed, until, whileCreating } from './cluster.ts';

const installation = { name: 'file-injector', namespace: 'platform-hooks' };
const names = ['--name', installation.name, '--namespace', installation.namespace];

describeOnCluster(
  'on a bare cluster, manifests that are rendered',
  (api) => {
    const cleanup = new AsyncDisposableStack();
    after(() => cleanup.disposeAsync());
    const options = async () => {
      const { gateway } = await readNetwork(api());
      return ['--reach', gateway?.component ?? 'cluster-local-url', '--image', image, ...names];
    };
    const isInjected = async () => countInjected([await askForFile(api())]) === 1;

    it('are piped to kubectl apply --server-side, and Pods have the file', async () => {
      cleanup.defer(async () => {
        await succeed('undeploy', '--all-copies', ...names);
      });
      const pipe = `${process.execPath} scripts/hello-webhook.ts render ${(await options()).join(' ')} | kubectl apply --server-side -f -`;
      await promisify(execFile)('sh', ['-c', pipe]);
      await until('a Pod has the file', isInjected);
    });

    it('are applied from an overlay outside the tree, which changes what it says', async () => {
      const overlay = new OutsideFolder(cleanup);
      const manifests = overlay.manifest('.');
      const output = ['--output', overlay.path, '--manifests', manifests];
      await succeed('render', ...(await options()), '--always-warm', ...output);
      expect(await succeed('check', overlay.path)).to.contain('no problem');
      await kubectl('apply', '--server-side', '-k', overlay.path);
      await until('a function is always warm', async () => {
        const service = await readService(api(), installation);
        return isAlwaysWarm(service) && notReady(service as unknown as Conditioned) === undefined;
      });
      expect(await isInjected()).to.equal(true);
    });

    it('lose no Pod where they are pruned in the worst order, with the webhook configuration last', async () => {
      const folder = new OutsideFolder(cleanup);
      await succeed('render', ...(await options()), '--output', folder.path);
      const pods = await whileCreating(api(), async () => {
        await kubectl('delete', '--wait=false', '-f', `${folder.path}/function`);
        await until('the function is gone', async () => (await functionPods(api(), installation)).length === 0);
        await askForFile(api());
        await kubectl('delete', '-f', `${folder.path}/webhook`);
      });
      expect(countInjected(pods)).to.be.below(pods.length);
      await until('nothing is left', async () => (await listInstalled(api(), installation)).length === 0);
    });
  },
  { isBare: true },
);

function kubectl(...args: string[]): Promise<unknown> {
  return promisify(execFile)('kubectl', args);
}
