import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import type { V1MutatingWebhookConfiguration } from '@kubernetes/client-node';
import { expect } from 'chai';
import { stringify } from 'yaml';
import type { Wanted } from '../../scripts/install/overlay.ts';
import { webhookConfigurations } from '../../scripts/install/registration.ts';
import { render } from '../../scripts/install/render.ts';
import { manifestFiles, writeFiles } from '../../scripts/install/rendered-files.ts';
import { prepareNamespace } from '../../scripts/local/api-server.ts';
import { createCertificateAuthority } from '../../scripts/local/certificate-authority.ts';
import { installDefinitions, requireKubectl } from '../support/definitions.ts';
import { injections, OutsideFolder } from '../support/overlay.ts';
import { describeOnApiServer, refusal } from './cluster.ts';

const [companyCa, scratch] = injections.injections;
const configuration = `${webhookConfigurations}/file-injector`;

describeOnApiServer('manifests that are applied from Git, as Argo CD and Flux do', (cluster) => {
  const cleanup = new AsyncDisposableStack();
  let folder: OutsideFolder;

  before(async function () {
    requireKubectl(this);
    await installDefinitions(this, cluster);
    for (const namespace of ['kourier-system', 'cert-manager', 'apps']) await prepareNamespace(cluster.api, namespace);
    folder = new OutsideFolder(cleanup);
    await write([companyCa, scratch]);
  });
  after(() => cleanup.disposeAsync());

  const wanted: Wanted = {
    name: 'file-injector',
    namespace: 'platform-hooks',
    reach: 'gateway-kourier',
    image: 'mine',
    components: ['ensure'],
  };
  const write = async (own: unknown[], components = wanted.components) => {
    const { manifest } = await render({ ...wanted, components, injections: stringify({ injections: own }) }, cleanup);
    await writeFiles(folder.path, manifestFiles(manifest));
  };
  const kubectl = async (command: string, part: 'function' | 'webhook') => {
    const args = [...command.split(' '), '-f', `${folder.path}/${part}`, '--kubeconfig', cluster.server.kubeconfig];
    const child = spawn('kubectl', args);
    const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    return { status: child.exitCode, output: output + errors };
  };
  const succeed = async (command: string, part: 'function' | 'webhook') => {
    const { status, output } = await kubectl(command, part);
    expect(status, output).to.equal(0);
    return output;
  };
  const read = async () => (await cluster.api.send<V1MutatingWebhookConfiguration>('GET', configuration)).object;
  const names = async () => (await read()).webhooks?.map(({ name }) => name.split('.')[0]);
  const caBundles = async () => (await read()).webhooks?.map(({ clientConfig }) => clientConfig.caBundle);
  /** Does what cainjector does: that every entry has this caBundle. */
  const injectCaBundle = async () => {
    const { webhooks = [] } = await read();
    const caBundle = Buffer.from((await createCertificateAuthority('company')).cert).toString('base64');
    await cluster.api.send('PATCH', `${configuration}?fieldManager=cert-manager-cainjector`, {
      body: { webhooks: webhooks.map(({ name }) => ({ name, clientConfig: { caBundle } })) },
      contentType: 'application/strategic-merge-patch+json',
    });
    return webhooks.map(() => caBundle);
  };

  for (const apply of ['apply', 'apply --server-side']) {
    it(`leave cainjector its caBundle, and change nothing the second time: ${apply}`, async () => {
      await succeed(apply, 'webhook');
      const caBundle = await injectCaBundle();
      const before = await read();
      expect(await succeed(apply, 'webhook')).to.match(/ (unchanged|serverside-applied)\n$/);
      expect(await read()).to.deep.equal(before);
      expect(await caBundles()).to.deep.equal(caBundle);
      await succeed('delete', 'webhook');
    });

    it(`lose the entry of an injection that is removed, and keep the caBundle of the others: ${apply}`, async () => {
      await succeed(apply, 'webhook');
      const [caBundle] = await injectCaBundle();
      await write([companyCa]);
      await succeed(apply, 'webhook');
      expect(await names()).to.deep.equal(['company-ca']);
      expect(await caBundles()).to.deep.equal([caBundle]);
      await succeed('delete', 'webhook');
      await write([companyCa, scratch]);
    });
  }

  it('lose no Pod: applied with the webhook configuration last, and pruned with it last, which is the worst order', async () => {
    await succeed('apply --server-side', 'function');
    await succeed('apply --server-side', 'webhook');
    await injectCaBundle();
    let isOver = false;
    const created = (async () => {
      let count = 0;
      for (; !isOver; count += 1) await cluster.createPod('apps', pod);
      return count;
    })();
    const prune = async () => {
      await unanswered(1);
      await succeed('delete --wait=false', 'function');
      await unanswered(5);
      await succeed('delete', 'webhook');
    };
    await Promise.race([prune(), created]).finally(() => {
      isOver = true;
    });
    expect(await created).to.be.above(5);
  });

  it('refuse Pods meanwhile where they are fail-closed', async () => {
    await write([companyCa], ['ensure', 'fail-closed']);
    await succeed('apply --server-side', 'webhook');
    await injectCaBundle();
    const create = () => cluster.createPod('apps', pod, '?dryRun=All');
    while (await create().catch(() => undefined)) await delay(50);
    expect((await refusal(create())).message).to.contain(
      'failed calling webhook "company-ca.file-injector.platform-hooks.svc"',
    );
    await succeed('delete', 'webhook');
  });

  const pod = {
    metadata: { generateName: 'shop-', labels: { 'company-ca': 'true' } },
    spec: { containers: [{ name: 'shop', image: 'shop:1' }] },
  };

  /** Waits until so many more Pods were created although their call of the function failed. */
  async function unanswered(more: number): Promise<void> {
    const count = async () => {
      const metrics = await cluster.api.text('/metrics');
      return Number(
        /^apiserver_admission_webhook_fail_open_count\{name="company-ca\..*\} (\d+)$/m.exec(metrics)?.[1] ?? 0,
      );
    };
    const before = await count();
    while ((await count()) < before + more) await delay(50);
  }
});
