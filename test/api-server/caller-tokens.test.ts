import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { readCallerTokens, segmentsOf } from '../../scripts/install/caller-tokens.ts';
import { defaultInstallation as installation } from '../../scripts/install/installation.ts';
import { listInstalled } from '../../scripts/install/inventory.ts';
import { readRegistered } from '../../scripts/install/registration.ts';
import { temporaryDirectory } from '../../scripts/terminal/temporary-directory.ts';
import { countInjected, whileCreating } from '../e2e/cluster.ts';
import { installDefinitions } from '../support/definitions.ts';
import { FunctionRevisions } from '../support/function-revisions.ts';
import { helloInjectionWith } from '../support/hello-injection.ts';
import { Route } from '../support/route.ts';
import { StagedCluster } from '../support/staged-cluster.ts';
import { describeOnApiServer } from './cluster.ts';

const host = 'hello-webhook.hello-system.svc.cluster.local';
const cleanup = new AsyncDisposableStack();
const route = new Route(host, cleanup);

describeOnApiServer(
  "npm run deploy, with a caller's token",
  (cluster) => {
    let revisions: FunctionRevisions | undefined;

    before(async function () {
      await installDefinitions(this, cluster);
      const staged = new StagedCluster(cluster.api);
      await staged.stage('cluster-local-url', cleanup, null);
      await route.serve(await staged.ca.issue({ user: host, hosts: [host] }));
      revisions = new FunctionRevisions(cluster.api, route, staged.ca.cert, cleanup);
      await revisions.start();
      // What is established is listed a moment later.
      const isListed = () =>
        listInstalled(cluster.api, installation).then(
          () => true,
          () => false,
        );
      while (!(await isListed())) await delay(50);
    });
    after(async () => {
      await revisions?.stop();
      await cleanup.disposeAsync();
    });

    const deploy = async (...args: string[]) => {
      const { status, output } = await cluster.run('deploy', '--reach', 'url', '--no-cold', ...args);
      if (status !== 0) throw new Error(output);
      return output;
    };
    /** The token that the API server calls with: the Secret holds it alone. */
    const deployedToken = async (): Promise<string> => {
      const { tokens = [], isOpen } = (await readCallerTokens(cluster.api, installation)) ?? {};
      expect([tokens.length, isOpen]).to.deep.equal([1, false]);
      const { webhooks = [] } = (await readRegistered(cluster.api, installation)) ?? {};
      expect(webhooks.map(({ clientConfig }) => segmentsOf(clientConfig))).to.deep.equal([tokens]);
      return tokens[0] ?? '';
    };
    const expectServedAlone = async (token: string, others: readonly string[]) => {
      // The function reads its file once a second.
      for (const path of others) while ((await route.statusAt(path)) !== 404) await delay(100);
      expect(await route.statusAt(`/mutate/${token}`)).to.equal(400);
    };
    /** What is deployed while Pods are created, of which none goes without. */
    const deployUnderLoad = async (...args: string[]): Promise<{ output: string; token: string }> => {
      let output = '';
      const pods = await whileCreating(cluster.api, async () => {
        output = await deploy(...args);
      });
      expect(pods.length).to.be.above(20);
      expect(countInjected(pods)).to.equal(pods.length);
      return { output, token: await deployedToken() };
    };

    it('gives an installation that has none its first one; no call is lost, and callers without one are served no more', async () => {
      expect(await route.statusAt('/mutate')).to.equal(400);
      const { output, token } = await deployUnderLoad();
      expect(token).to.match(/^[0-9a-f]{64}$/);
      expect(output).to.contain('Caller token').and.not.to.contain(token);
      await expectServedAlone(token, ['/mutate', `/mutate/${'0'.repeat(64)}`]);
    });

    it('keeps it, and the revision, where nothing else is asked for', async () => {
      const [token, count] = [await deployedToken(), revisions?.count];
      await deploy();
      expect([await deployedToken(), revisions?.count]).to.deep.equal([token, count]);
    });

    it('replaces it with --rotate-token; no call is lost, and the former one is served no more', async () => {
      const former = await deployedToken();
      const { output, token } = await deployUnderLoad('--rotate-token');
      expect(token).not.to.equal(former);
      for (const one of [former, token]) expect(output).not.to.contain(one);
      await expectServedAlone(token, ['/mutate', `/mutate/${former}`]);
    });

    it('is not verified, nor from zero, where its injections are for namespaces that are not there yet', async () => {
      const file = join(temporaryDirectory(join(tmpdir(), 'hello-webhook-test-'), cleanup), 'injections.yaml');
      await writeFile(file, helloInjectionWith({ namespaces: { include: ['not-there-yet'] } }));
      const { output } = await cluster.run('deploy', '--reach', 'url', '--injections', file);
      expect(output)
        .to.contain('warm: not tried: injection hello applies in no namespace that is there')
        .and.contain('Deployed.')
        .and.not.contain('from zero');
    });

    it('shows no token where the API server does not reach the function, leaves what it calls as it was, and has both served', async () => {
      const former = await deployedToken();
      route.close();
      const { status, output } = await cluster.run('deploy', '--reach', 'url', '--no-cold', '--rotate-token');
      expect(status).to.equal(1);
      expect(output)
        .to.contain('/mutate/…')
        .and.not.to.match(/mutate\/\w{32}/);
      const { webhooks = [] } = (await readRegistered(cluster.api, installation)) ?? {};
      expect(webhooks.map(({ clientConfig }) => segmentsOf(clientConfig))).to.deep.equal([[former]]);
      // A call with the next one may be under way; the next deploy goes on with it.
      const { tokens = [], isOpen } = (await readCallerTokens(cluster.api, installation)) ?? {};
      expect([tokens.length, tokens[1], isOpen]).to.deep.equal([2, former, false]);
    });
  },
  () => route.open(),
);
