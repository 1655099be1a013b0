import { setTimeout as delay } from 'node:timers/promises';
import type { V1MutatingWebhookConfiguration } from '@kubernetes/client-node';
import { expect } from 'chai';
import { parseInjections } from '../../function/injections/load.ts';
import { probeReach } from '../../scripts/install/probe.ts';
import { webhookConfigurations } from '../../scripts/install/registration.ts';
import { verifyInjections } from '../../scripts/install/verification.ts';
import type { KubernetesApi } from '../../scripts/kubernetes/client.ts';
import { list } from '../../scripts/kubernetes/read.ts';
import type { FunctionServer } from '../../scripts/local/function-server.ts';
import { helloInjection, helloInjectionWith } from '../support/hello-injection.ts';
import { type Cluster, describeOnApiServer } from './cluster.ts';

describeOnApiServer('the probe of deploy and doctor', (cluster) => {
  let server: FunctionServer;
  const injector = new AbortController();
  const probe = () => ({
    name: 'hello-webhook',
    namespace: 'hello-system',
    clientConfig: { url: server.url },
    caFrom: 'hello-system/hello-webhook-ca',
    probeNamespace: 'default',
  });
  const placeIn = (probeNamespace: string) => ({
    api: cluster.api,
    installation: { name: 'hello-webhook', namespace: 'hello-system' },
    probeNamespace,
  });
  const quiet = (cleanup: AsyncDisposableStack) => ({ progress: () => {}, cleanup });

  before(async () => {
    server = await cluster.startFunction(helloInjection);
    injectCaBundles(cluster, server.caCert, injector.signal).catch(() => {});
  });

  after(() => injector.abort());

  it('says how long the call took, and leaves nothing behind', async () => {
    await using cleanup = new AsyncDisposableStack();
    const probed = await probeReach(cluster.api, probe(), quiet(cleanup));
    expect(probed).to.have.property('ms').that.is.above(0);
    expect(await leftovers(cluster)).to.deep.equal([]);
  });

  it('shows what the API server itself says where it cannot call', async () => {
    await using cleanup = new AsyncDisposableStack();
    const nowhere = {
      ...probe(),
      clientConfig: { url: 'https://hello-webhook.hello-system.svc.cluster.local/mutate' },
    };
    const probed = await probeReach(cluster.api, nowhere, quiet(cleanup));
    expect(probed)
      .to.have.property('failure')
      .that.matches(/failed calling webhook "reach\.hello-webhook\.probe".*lookup/);
    expect(await leftovers(cluster)).to.deep.equal([]);
  });

  it('takes its configuration away when it is interrupted: while it is made, while the function is called', async () => {
    // Nobody answers there, so that the call is under way when the cleanup begins.
    const silent = { ...probe(), clientConfig: { url: 'https://192.0.2.1/mutate' } };
    const called = Promise.withResolvers<void>();
    const observed: KubernetesApi = {
      ...cluster.api,
      send: (method, path, options) => {
        if (path.endsWith('/pods?dryRun=All')) called.resolve();
        return cluster.api.send(method, path, options);
      },
    };
    for (const moment of [async () => {}, () => called.promise]) {
      const cleanup = new AsyncDisposableStack();
      probeReach(observed, silent, quiet(cleanup)).catch(() => {});
      await moment();
      await cleanup.disposeAsync();
      expect(await leftovers(cluster)).to.deep.equal([]);
    }
  });

  it('takes its configuration away when it is interrupted while it does so', async () => {
    const cleanup = new AsyncDisposableStack();
    const [deleting, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const slow: KubernetesApi = {
      ...cluster.api,
      send: async (method, path, options) => {
        if (method === 'DELETE') {
          deleting.resolve();
          await go.promise;
        }
        return cluster.api.send(method, path, options);
      },
    };
    const probing = probeReach(slow, probe(), quiet(cleanup));
    await deleting.promise;
    const cleaned = cleanup.disposeAsync().then(() => leftovers(cluster));
    setImmediate(go.resolve);
    expect(await cleaned).to.deep.equal([]);
    await probing;
  });

  it('says so where something else refuses the Pod', async () => {
    await using cleanup = new AsyncDisposableStack();
    const nowhere = { ...probe(), probeNamespace: 'no-such-namespace' };
    const error = await probeReach(cluster.api, nowhere, quiet(cleanup)).catch((reason: Error) => reason.message);
    expect(error).to.contain('a Pod cannot be created in no-such-namespace, so try another by --probe-namespace');
    expect(await leftovers(cluster)).to.deep.equal([]);
  });

  it('verifies an injection by a Pod of a dry run, or says what is wrong', async () => {
    const namespace = await cluster.namespaceWith(server, helloInjection);
    const injections = parseInjections(helloInjection, 'injections.yaml');
    expect(await verifyInjections(placeIn(namespace), injections)).to.have.property('ms');
    expect(await verifyInjections(placeIn('default'), injections)).to.deep.equal({
      failure:
        'a Pod for injection hello came back without its files or variables: the API server did not call the webhook, or could not reach it',
    });
  });

  it('verifies an injection elsewhere where it does not apply in the namespace that is given', async () => {
    const namespace = await cluster.namespaceWith(server, helloInjection);
    const only = (include: string[]) =>
      parseInjections(helloInjectionWith({ namespaces: { include } }), 'injections.yaml');
    expect(await verifyInjections(placeIn('default'), only([namespace]))).to.have.property('ms');
    expect(await verifyInjections(placeIn('default'), only(['not-there-yet']))).to.deep.equal({
      untried: 'injection hello applies in no namespace that is there',
    });
    const own = { ...placeIn('default'), installation: { name: 'hello-webhook', namespace } };
    expect(await verifyInjections(own, only([namespace]))).to.have.property('untried');
  });

  it('calls no more once a call has failed', async () => {
    const silent = { url: 'https://127.0.0.1:1/mutate', caCert: server.caCert };
    const namespace = await cluster.namespaceWith(silent, helloInjection, { failurePolicy: 'Fail' });
    let count = 0;
    const counted: KubernetesApi = {
      ...cluster.api,
      send: (method, path, options) => {
        if (method === 'POST') count += 1;
        return cluster.api.send(method, path, options);
      },
    };
    const injections = parseInjections(helloInjection, 'injections.yaml');
    const verified = await verifyInjections({ ...placeIn(namespace), api: counted }, [...injections, ...injections]);
    expect(verified).to.have.property('failure').that.contains('failed calling webhook');
    expect(count).to.equal(1);
  });

  it('tries the next namespace where one, such as one that is not there, takes no Pod', async () => {
    const namespace = await cluster.namespaceWith(server, helloInjection);
    const injections = parseInjections(
      helloInjectionWith({ namespaces: { include: ['full', namespace] } }),
      'injections.yaml',
    );
    expect(await verifyInjections(placeIn('full'), injections)).to.have.property('ms');
  });

  it('finds labels and a container for any selector', async () => {
    const demanding = helloInjectionWith({
      selector: {
        matchExpressions: [
          { key: 'tier', operator: 'In', values: ['web'] },
          { key: 'team', operator: 'Exists' },
          { key: 'old', operator: 'DoesNotExist' },
        ],
      },
      containers: { include: ['app-*'] },
    });
    const other = await cluster.startFunction(demanding);
    const namespace = await cluster.namespaceWith(other, demanding);
    expect(await verifyInjections(placeIn(namespace), parseInjections(demanding, 'injections.yaml'))).to.have.property(
      'ms',
    );
  });
});

async function leftovers(cluster: Cluster): Promise<string[]> {
  const all = await list<V1MutatingWebhookConfiguration>(cluster.api, webhookConfigurations);
  return all.map(({ metadata }) => metadata?.name ?? '').filter((name) => name.includes('-probe-'));
}

/** Does what cert-manager's cainjector would: it needs a node. */
async function injectCaBundles(cluster: Cluster, caCert: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    for (const { metadata, webhooks = [] } of await list<V1MutatingWebhookConfiguration>(
      cluster.api,
      webhookConfigurations,
    )) {
      if (!metadata?.annotations?.['cert-manager.io/inject-ca-from'] || webhooks[0]?.clientConfig.caBundle) continue;
      const patch = webhooks.map((_, index) => ({
        op: 'add',
        path: `/webhooks/${index}/clientConfig/caBundle`,
        value: Buffer.from(caCert).toString('base64'),
      }));
      await cluster.api
        .send('PATCH', `${webhookConfigurations}/${metadata.name}`, {
          body: patch,
          contentType: 'application/json-patch+json',
        })
        .catch(() => {});
    }
    await delay(50);
  }
}
