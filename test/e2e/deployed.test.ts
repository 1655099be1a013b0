import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { V1Volume } from '@kubernetes/client-node';
import { expect } from 'chai';
import type { Context } from 'mocha';
import { readCallerTokensText } from '../../scripts/install/caller-tokens.ts';
import { listCopies } from '../../scripts/install/copies.ts';
import { defaultInstallation as installation } from '../../scripts/install/installation.ts';
import { listInstalled } from '../../scripts/install/inventory.ts';
import { functionPods, type KnativeService, readService, waitForZero } from '../../scripts/install/knative-service.ts';
import { readClusterLocalTls, readNetwork } from '../../scripts/install/platform.ts';
import { dryRun, probePod } from '../../scripts/install/probe-pod.ts';
import { readRegistered } from '../../scripts/install/registration.ts';
import { entriesOf } from '../../scripts/install/webhook-configuration.ts';
import { apply } from '../../scripts/kubernetes/apply.ts';
import { type Conditioned, notReady } from '../../scripts/kubernetes/conditions.ts';
import { objectPath } from '../../scripts/kubernetes/discovery.ts';
import { parseManifest } from '../../scripts/kubernetes/manifest.ts';
import { type KubernetesObject, titleOf } from '../../scripts/kubernetes/object.ts';
import { list, read, unless } from '../../scripts/kubernetes/read.ts';
import { temporaryDirectory } from '../../scripts/terminal/temporary-directory.ts';
import {
  askForFile,
  countInjected,
  describeOnCluster,
  image,
  newNamespace,
  run,
  succeed,
  until,
  whileCreating,
} from './cluster.ts';

const servicePath = `/apis/serving.knative.dev/v1/namespaces/${installation.namespace}/services/${installation.name}`;
const silent = () => {};

describeOnCluster('on a cluster', (api) => {
  it('the doctor finds nothing broken', async () => {
    const { status, output } = await run('doctor');
    expect(output).not.to.contain('✗');
    expect(status).to.equal(0);
  });

  it('what render prints is all that deploy has applied, and the same', async () => {
    const [entry] = (await readRegistered(api(), installation))?.webhooks ?? [];
    const { gateway } = await readNetwork(api());
    const reach = entry?.clientConfig.url === undefined && gateway ? gateway.component : 'cluster-local-url';
    await using cleanup = new AsyncDisposableStack();
    const token = join(temporaryDirectory(join(tmpdir(), 'hello-webhook-test-'), cleanup), 'token');
    writeFileSync(token, (await readCallerTokensText(api(), installation)) ?? '');
    const output = await succeed('render', '--reach', reach, '--image', image, '--caller-token', token);
    const objects = parseManifest(output, 'the output');
    for (const object of objects) {
      const stored = withoutFingerprint(await read(api(), await objectPath(api(), object)));
      const applied = await apply(api(), object, { fieldManager: 'hello-webhook-deploy', dryRun: true, force: true });
      expect(comparable(applied.object), object.kind).to.deep.equal(comparable(stored));
    }
    // The Secret with the token is the one thing that is not for Git.
    const installed = (await listInstalled(api(), installation)).filter(({ kind }) => kind !== 'Secret');
    expect(installed.map(titleOf)).to.have.members(objects.map(titleOf));
  });

  it("the seed's demo works in a namespace of its own: the file is in busybox-1, and not in busybox-2", async () => {
    const context = api().config.getCurrentContext();
    const output = await succeed('demo', '--context', context);
    expect(output).to.match(/^busybox-1 +1\/1 +Running .* OK$/m);
    expect(output).to.contain('a file out of a hat');
    expect(output).to.contain("can't open '/etc/config/hello.txt'");
  });

  it('a Pod finds the function warm', async () => {
    await askForFile(api());
    expect(countInjected([await askForFile(api())])).to.equal(1);
  });

  it('a Pod wakes the function from zero', async () => {
    await waitForZero(api(), installation, silent);
    expect(countInjected([await askForFile(api())])).to.equal(1);
  });

  it('200 Pods at once wake it from zero: none is lost, none is without its mount', async () => {
    await waitForZero(api(), installation, silent);
    const pods = await Promise.all(Array.from({ length: 200 }, () => askForFile(api())));
    expect(countInjected(pods)).to.equal(200);
  });

  it('a Deployment of 40 Pods runs, each with the file', async () => {
    await using cleanup = new AsyncDisposableStack();
    const namespace = await newNamespace(api(), cleanup);
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments`;
    await api().send('POST', path, { body: deploymentOf(40) });
    await until('40 Pods run', async () => {
      const deployment = await read<{ status?: { availableReplicas?: number } }>(api(), `${path}/readers`);
      return deployment?.status?.availableReplicas === 40;
    });
    const pods = await list<{ metadata: { labels: Record<string, string> } }>(
      api(),
      `/api/v1/namespaces/${namespace}/pods`,
    );
    expect(pods.filter(({ metadata }) => metadata.labels['hello-added'] === 'OK')).to.have.length(40);
  });

  it('its own namespace is left alone, and its own Pod comes back when it is deleted', async () => {
    const { object } = await dryRun(api(), installation.namespace, probePod({ hello: 'true' }));
    expect(countInjected([object])).to.equal(0);
    await askForFile(api());
    const before = (await functionPods(api(), installation)).map(({ metadata }) => metadata?.name);
    for (const name of before) await api().send('DELETE', `/api/v1/namespaces/${installation.namespace}/pods/${name}`);
    await until('another Pod serves', async () => {
      expect(countInjected([await askForFile(api())])).to.equal(1);
      const pods = await functionPods(api(), installation);
      return pods.some((pod) => !before.includes(pod.metadata?.name) && notReady(pod as Conditioned) === undefined);
    });
  });

  it('no Pod goes without while the certificates are renewed', async () => {
    const path = `/apis/cert-manager.io/v1/namespaces/${installation.namespace}/certificates`;
    const pods = await whileCreating(api(), async () => {
      for (const { metadata } of await list<Certificate>(api(), path)) {
        const place = `${path}/${metadata.name}`;
        const before = await read<Certificate>(api(), place);
        await api().send('PATCH', `${place}/status`, {
          body: { status: { conditions: [...(before?.status?.conditions ?? []), issuing()] } },
          contentType: 'application/merge-patch+json',
        });
        await until(`${metadata.name} is renewed`, async () => {
          const { revision = 0, conditions = [] } = (await read<Certificate>(api(), place))?.status ?? {};
          return revision > (before?.status?.revision ?? 0) && !conditions.some(({ type }) => type === 'Issuing');
        });
      }
    });
    expect(pods.length).to.be.above(0);
    expect(countInjected(pods)).to.equal(pods.length);
  });

  it('no Pod goes without while a new revision takes over', async () => {
    await using cleanup = new AsyncDisposableStack();
    const file = join(temporaryDirectory(join(tmpdir(), 'hello-webhook-test-'), cleanup), 'injections.yaml');
    const revision = async () => (await readService(api(), installation))?.status?.latestReadyRevisionName;
    const before = await revision();
    writeFileSync(file, `${readFileSync('manifests/demo/injection/injections.yaml', 'utf8')}${second}`);
    const pods = await whileCreating(api(), async () => {
      await succeed('deploy', '--injections', file, '--no-cold');
      await askForFile(api());
    });
    expect(await revision()).to.not.equal(before);
    expect(countInjected(pods)).to.equal(pods.length);
    const { object } = await dryRun(api(), 'default', probePod({ second: 'true' }));
    expect(object.spec?.volumes).to.deep.include({ name: 'second-volume', emptyDir: {} });
  });

  it('a deploy ends with what the doctor finds: a source of copies that is missing', async () => {
    await using cleanup = new AsyncDisposableStack();
    const file = join(temporaryDirectory(join(tmpdir(), 'hello-webhook-test-'), cleanup), 'injections.yaml');
    const good = readFileSync('manifests/demo/injection/injections.yaml', 'utf8');
    writeFileSync(file, `${good}${copied}`);
    const { status, output } = await run('deploy', '--injections', file, '--no-cold');
    expect(output)
      .to.match(/^✗ .*nowhere/m)
      .and.match(/^Deployed\. Broken: /m);
    expect(status).to.equal(1);
    writeFileSync(file, good);
    expect(await succeed('deploy', '--injections', file, '--no-cold')).to.contain('Deployed. Nothing is broken.');
  });

  it('a broken configuration never takes over: the old one goes on, and the doctor names the line', async () => {
    const configMaps = `/api/v1/namespaces/${installation.namespace}/configmaps`;
    const name = 'hello-webhook-injections-broken';
    const body = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name },
      data: { 'injections.yaml': 'injections: [{}]' },
    };
    await api().send('POST', configMaps, { body });
    const good = await read<KnativeService>(api(), servicePath);
    if (!good) throw new Error('there is no function');
    const { spec } = good.spec.template;
    const isInjections = ({ configMap }: V1Volume) => configMap !== undefined;
    const volumes = spec.volumes?.map((volume) => (isInjections(volume) ? { ...volume, configMap: { name } } : volume));
    const bad = { ...spec, volumes };
    const put = (template: object) =>
      api().send('PATCH', servicePath, {
        body: { spec: { template: { spec: template } } },
        contentType: 'application/merge-patch+json',
      });
    await put(bad);
    await until('Knative gives up on the broken revision', async () => {
      const { conditions = [] } = (await read<Conditioned>(api(), servicePath))?.status ?? {};
      return conditions.some(({ type, status }) => type === 'ConfigurationsReady' && status === 'False');
    });
    expect(countInjected([await askForFile(api())])).to.equal(1);
    const { output } = await run('doctor');
    expect(output).to.contain('injections[0].name');
    await put(spec);
    await until('the function is ready again', async () => {
      const { conditions = [] } = (await read<Conditioned>(api(), servicePath))?.status ?? {};
      return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
    });
    await unless(404, api().send('DELETE', `${configMaps}/${name}`));
  });

  it('Pods are created without the file while there is no function, since failurePolicy is Ignore; a deploy brings it back', async () => {
    await api().send('DELETE', servicePath);
    await until('the function is gone', async () => (await functionPods(api(), installation)).length === 0);
    expect(countInjected([await askForFile(api())])).to.equal(0);
    await succeed('deploy', '--image', image, '--no-cold');
    expect(countInjected([await askForFile(api())])).to.equal(1);
  });

  it('the API server reaches it through the gateway', async function () {
    const { gateway } = await readNetwork(api());
    if (!gateway) return skip(this, 'no gateway is known for the ingress of this cluster');
    const output = await succeed('deploy', '--reach', 'gateway', '--image', image, '--no-cold');
    expect(output).to.contain(`${gateway.component}: the API server called the function`);
  });

  it('the API server reaches it by its cluster-local URL, or says itself that it does not resolve the name', async function () {
    const state = await readClusterLocalTls(api(), await readNetwork(api()));
    if (state !== 'enabled') return skip(this, `cluster-local TLS is ${state}`);
    const { status, output } = await run('deploy', '--reach', 'url', '--image', image, '--no-cold');
    if (status === 0) expect(output).to.contain('cluster-local-url: the API server called the function');
    else expect(output).to.contain('dial tcp: lookup hello-webhook.hello-system.svc.cluster.local');
  });

  it('undeploy leaves nothing behind', async () => {
    const output = await succeed('undeploy', '--all-copies');
    expect(output).to.contain('Nothing else of hello-webhook is left.');
    expect(await listInstalled(api(), installation)).to.deep.equal([]);
    expect(await listCopies(api(), installation)).to.deep.equal([]);
    expect(await read(api(), `/api/v1/namespaces/${installation.namespace}`)).to.equal(undefined);
  });
});

/** An injection whose ConfigMap nobody has made. */
const copied = `
  - name: copied
    selector: {matchLabels: {copied: "true"}}
    volume: {name: copied-volume, configMap: {name: nowhere}}
    mount: {mountPath: /copied}
    ensure: true
`;

/** An injection that the default configuration does not have. */
const second = `
  - name: second
    selector: {matchLabels: {second: "true"}}
    volume: {name: second-volume, emptyDir: {}}
    mount: {mountPath: /second}
`;

type Certificate = Conditioned & { status?: { revision?: number } };

/** What `cmctl renew` sets. */
function issuing(): object {
  return {
    type: 'Issuing',
    status: 'True',
    reason: 'ManuallyTriggered',
    message: 'renewed by a test',
    lastTransitionTime: new Date().toISOString(),
  };
}

/** Pods that end, and so never become available, where the file is not there. */
function deploymentOf(replicas: number): object {
  const labels = { app: 'readers', hello: 'true' };
  const command = ['sh', '-c', 'cat /etc/config/hello.txt && exec sleep 3600'];
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'readers' },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 0,
          containers: [{ name: 'reader', image: 'busybox:1.36', imagePullPolicy: 'IfNotPresent', command }],
        },
      },
    },
  };
}

/** Without what deploy says of the token on a revision, so that another token is another revision. */
function withoutFingerprint(object: KubernetesObject | undefined): KubernetesObject | undefined {
  const service = structuredClone(object) as (KubernetesObject & Partial<KnativeService>) | undefined;
  delete service?.spec?.template?.metadata?.annotations?.['hello-webhook/caller-token'];
  return service;
}

/** An object without what changes whenever it is written, and what an old cainjector drops from each entry. */
function comparable(object: KubernetesObject | undefined): object | undefined {
  if (!object) return undefined;
  const {
    managedFields: _,
    resourceVersion: __,
    generation: ___,
    ...metadata
  } = object.metadata as Record<string, unknown>;
  const webhooks = entriesOf(object).map(({ matchConditions: _, ...entry }) => entry);
  return { ...object, metadata, ...(webhooks.length > 0 && { webhooks }) };
}

function skip(test: Context, reason: string): void {
  console.log(`    skipped: ${reason}`);
  test.skip();
}
