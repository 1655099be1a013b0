import { existsSync, readFileSync } from 'node:fs';
import type { V1MutatingWebhook, V1MutatingWebhookConfiguration } from '@kubernetes/client-node';
import { expect } from 'chai';
import { samplesIn } from '../../scripts/doctor/checks/admission/calls.ts';
import type { Probing } from '../../scripts/doctor/context.ts';
import { type Diagnosis, diagnose } from '../../scripts/doctor/run.ts';
import { defaultInstallation as installation } from '../../scripts/install/installation.ts';
import { webhookConfigurations } from '../../scripts/install/registration.ts';
import { readCommonEntry } from '../../scripts/install/webhook-configuration.ts';
import { apply } from '../../scripts/kubernetes/apply.ts';
import { connect, type KubernetesApi } from '../../scripts/kubernetes/client.ts';
import { readManifest } from '../../scripts/kubernetes/manifest.ts';
import type { KubernetesObject } from '../../scripts/kubernetes/object.ts';
import { list, read } from '../../scripts/kubernetes/read.ts';
import { prepareNamespace } from '../../scripts/local/api-server.ts';
import { startChild } from '../../scripts/local/child.ts';
import { readYaml } from '../../scripts/workloads/yaml-file.ts';
import { playControllers } from '../support/controllers.ts';
import { expectAsIn, fixtures } from '../support/fixtures.ts';
import { helloInjection } from '../support/hello-injection.ts';
import { stageCluster } from '../support/staged-cluster.ts';
import { type Cluster, describeOnApiServer } from './cluster.ts';

const entry = 'hello.hello-webhook.hello-system.svc';
const domainMapping = {
  apiVersion: 'serving.knative.dev/v1beta1',
  kind: 'DomainMapping',
  metadata: { namespace: 'hello-system', name: 'hello-webhook.kourier-system.svc' },
};

/**
 * Each directory of test/api-server/doctor/WAY is a case: on a cluster where nothing is broken, the objects of
 * `state.yaml` are applied (test/support/staged-cluster.ts) and `injections.yaml` is deployed; `expected.yaml` has what
 * the doctor says then and did not say before, with the permissions of `permissions.yaml` alone where it is there.
 */
for (const way of ['gateway-kourier', 'cluster-local-url'] as const) {
  describeOnApiServer(`doctor, on a cluster that is reached by ${way}`, (cluster) => {
    const staged = stageCluster(cluster, way);
    let sound: object[];
    before(async () => {
      sound = await findings(cluster.api);
    });

    it('says of each check that all is as it should be', () => {
      expectAsIn(`test/api-server/doctor/${way}.yaml`, sound);
    });

    for (const { title, file } of fixtures(`api-server/doctor/${way}`)) {
      it(title, async () => {
        const { state, injections, permissions } = {
          state: file('state.yaml'),
          injections: file('injections.yaml'),
          permissions: file('permissions.yaml'),
        };
        if (existsSync(state)) await staged().apply(readManifest(state));
        if (existsSync(injections)) await staged().deployInjections(readFileSync(injections, 'utf8'));
        const rules = readYaml(permissions) as object[] | undefined;
        const said = await findings(rules ? await strangerTo(cluster, rules) : cluster.api);
        const known = new Set(sound.map((finding) => JSON.stringify(finding)));
        expectAsIn(
          file('expected.yaml'),
          said.filter((finding) => !known.has(JSON.stringify(finding))),
        );
      });
    }
  });
}

describeOnApiServer('doctor, by the calls of an API server', (cluster) => {
  const staged = stageCluster(cluster, 'gateway-kourier');

  it('counts the calls that failed, whose errors Ignore hides', async () => {
    await staged().apply([entryWith({ service: null, url: 'https://127.0.0.1:1/mutate' })]);
    const metadata = { name: 'labelled', labels: { hello: 'true' } };
    let failed = 0;
    while (failed === 0) {
      await cluster.createPod(
        'team-a',
        { metadata, spec: { containers: [{ name: 'app', image: 'app' }] } },
        '?dryRun=All',
      );
      const samples = samplesIn(await cluster.api.text('/metrics'), new Set([entry]));
      failed = samples.find(({ metric }) => metric === 'fail_open_count')?.value ?? 0;
    }
    const [calls] = await findingsOf(cluster.api, 'calls');
    expect(calls).to.include({ status: 'warning' });
    expect(calls?.text).to.equal(
      `the API server admitted a Pod without calling the function (failed open) ${failed} time${failed > 1 ? 's' : ''}: failurePolicy Ignore hides the error`,
    );
    expect(calls?.fix).to.contain('npm run doctor -- --probe');
  });

  it('does not blame deploy for a field that somebody has taken away since', async () => {
    const path = `${webhookConfigurations}/hello-webhook`;
    const write = async (manager: string, change: (entry: V1MutatingWebhook) => V1MutatingWebhook) => {
      const there = await read<V1MutatingWebhookConfiguration>(cluster.api, path);
      const body = { ...there, webhooks: there?.webhooks?.map(change) };
      await cluster.api.send('PUT', `${path}?fieldManager=${manager}`, { body });
    };
    const { matchConditions = [] } = readCommonEntry();
    await staged().apply([entryWith({})]);
    await write('cainjector', ({ matchConditions: _, ...entry }) => entry);
    await write('hello-webhook-deploy', (entry) => ({ ...entry, matchConditions }));
    await write('cainjector', ({ matchConditions: _, ...entry }) => entry);
    const [finding] = await findingsOf(cluster.api, 'entry-fields');
    expect(finding?.text)
      .to.match(/^entry \S+ lacks matchConditions/)
      .and.not.contain('hello-webhook-deploy');
  });

  it('with --probe has the API server call the function, and shows what it says', async () => {
    await using cleanup = new AsyncDisposableStack();
    const probing = { probeNamespace: 'team-a', progress: () => {}, cleanup };
    const server = await cluster.startFunction(helloInjection);
    const caBundle = Buffer.from(server.caCert).toString('base64');
    const ca = { namespace: 'hello-system', name: 'hello-webhook-ca' };
    await staged().apply([{ apiVersion: 'v1', kind: 'Secret', metadata: ca, data: { 'ca.crt': caBundle } }]);
    const stopped = new AbortController();
    cleanup.defer(() => stopped.abort());
    const controllers = playControllers(cluster.api, caBundle, stopped.signal);
    const probe = async (url: string) => {
      await staged().apply([entryWith({ service: null, url, caBundle })]);
      const [finding] = await findingsOf(cluster.api, 'probe', probing);
      return finding;
    };
    const reached = await probe(server.url);
    expect(reached).to.include({ status: 'ok' });
    expect(reached?.text).to.match(/^the API server called the function in \d\.\d\d s$/);
    const unreached = await probe('https://127.0.0.1:1/mutate');
    expect(unreached).to.include({ status: 'broken' });
    expect(unreached?.text).to.match(/failed calling webhook .*https:\/\/127\.0\.0\.1:1\/mutate.*connection refused/);
    const left = await list<V1MutatingWebhookConfiguration>(cluster.api, webhookConfigurations);
    expect(left.map(({ metadata }) => metadata?.name)).to.deep.equal(['hello-webhook']);
    stopped.abort();
    await controllers;
  });
});

describeOnApiServer('npm run doctor', (cluster) => {
  const staged = stageCluster(cluster, 'gateway-kourier');

  it('prints JSON, and exits with 1 where something is broken', async () => {
    await staged().apply([{ ...domainMapping, $patch: 'delete' }]);
    const { status, output } = await cluster.run('doctor', '-o', 'json');
    expect(status).to.equal(1);
    const { checks } = JSON.parse(output) as { checks: object[] };
    expect(checks).to.deep.include({
      id: 'domain-mapping',
      category: 'connection',
      title: 'DomainMapping',
      status: 'broken',
      text: 'DomainMapping hello-webhook.kourier-system.svc not found in hello-system: the gateway does not know the host',
      fix: 'npm run deploy',
    });
  });

  it('prints a heading for each category and a line for each check, and exits with 0 where nothing is broken', async () => {
    const { status, output } = await cluster.run('doctor');
    expect(output).to.match(/^Cluster: https:\/\/127\.0\.0\.1:\d+\n\nPlatform\n✓ Knative +Knative Serving/);
    for (const heading of [
      'Function',
      'Connection to the function',
      'Trust in the function',
      'Admission of Pods',
      'Pods',
    ])
      expect(output).to.contain(`\n\n${heading}\n✓ `);
    expect(output).to.match(/\n\nNothing is known to be broken; 1 check could not be made: TLS$/);
    expect(status).to.equal(0);
  });

  it('prints with -o short only what is not ok, and its fix, but not what comes of it', async () => {
    await staged().apply([entryWith({ caBundle: null })]);
    const { status, output } = await cluster.run('doctor', '-o', 'short');
    expect(output.replace(/^Cluster: .*\n\n/, '').replaceAll(/ {2,}/g, '  ')).to.match(
      /^Trust in the function\n✗ caBundle {2}.* has no caBundle: .*\n {2}# cainjector .*\n {2}kubectl .*\n\nBroken: caBundle$/,
    );
    expect(status).to.equal(1);
  });

  it('waits with --wait until nothing is broken, and prints what the last checks say alone', async () => {
    await staged().apply([{ ...domainMapping, $patch: 'delete' }]);
    await using cleanup = new AsyncDisposableStack();
    const { exit, lines, waitFor } = startDoctor(cluster.server.kubeconfig, cleanup, '--wait', '1m');
    await waitFor((line) => line.includes('waiting until nothing is broken: Broken: DomainMapping') || undefined);
    await staged().restore();
    expect(await exit).to.equal(0);
    expect(lines.filter((line) => line.startsWith('✗'))).to.deep.equal([]);
    expect(lines.filter((line) => line.startsWith('✓ Knative Service'))).to.have.length(1);
  });

  it('says with --wait what is broken still when the time is over', async () => {
    await staged().apply([{ ...domainMapping, $patch: 'delete' }]);
    const { status, output } = await cluster.run('doctor', '--wait', '1s');
    expect(output).to.match(/\n✗ DomainMapping [\s\S]*\n\nBroken: DomainMapping$/);
    expect(status).to.equal(1);
  });

  it('exits with 3 where permissions to check are missing, and says how many checks could not be made', async () => {
    await strangerTo(cluster, []);
    const { status, output } = await runAs(await cluster.kubeconfigOf('team-a'));
    expect(output).to.match(/\n\nNothing is known to be broken; 30 checks could not be made: Knative, Ingress, .*$/);
    expect(status).to.equal(3);
  });

  it('gives fixes for the very installation and context', async () => {
    const args = ['-n', 'team-a', '--name', 'mine', '--context', 'hello-webhook'];
    const { status, output } = await cluster.run('doctor', ...args);
    expect(output).to.contain('npm run deploy -- --context hello-webhook -n team-a --name mine --image IMAGE');
    expect(output).to.match(/\n\nBroken: Knative Service, Webhook$/);
    expect(status).to.equal(1);
  });

  it('exits with 2 where it was called wrongly', async () => {
    expect((await cluster.run('doctor', '-o', 'yaml')).status).to.equal(2);
    const { status, output } = await cluster.run('doctor', '--wait', 'soon');
    expect(output).to.contain("argument 'soon' is invalid. Give a duration such as 30s, 5m or 1h30m.");
    expect(status).to.equal(2);
  });
});

describeOnApiServer('doctor, on a cluster without any of it', (cluster) => {
  it('names what holds the namespace of the function, where that is being deleted', async () => {
    const path = '/api/v1/namespaces/ending';
    await prepareNamespace(cluster.api, 'ending');
    const condition = { lastTransitionTime: '2026-11-24T12:00:00Z', status: 'True', reason: 'SomeResourcesRemain' };
    const message = 'Some resources are remaining: pods. has 1 resource instances';
    const body = { status: { conditions: [{ ...condition, type: 'NamespaceContentRemaining', message }] } };
    const contentType = 'application/merge-patch+json';
    await cluster.api.send('PATCH', `${path}/status`, { body, contentType });
    await cluster.api.send('DELETE', path);
    const said: Diagnosis[] = [];
    for await (const finding of diagnose({ api: cluster.api, installation: { ...installation, namespace: 'ending' } }))
      said.push(finding);
    expect(said.find(({ id }) => id === 'namespace')).to.include({
      status: 'broken',
      text: `namespace ending is being deleted: it still exists; ${message}`,
    });
  });

  it('names what to begin with', async () => {
    const known = (await findings(cluster.api)).filter(({ status }) => status !== 'unknown');
    expectAsIn('test/api-server/doctor/nothing-installed.yaml', known);
  });
});

type Said = Pick<Diagnosis, 'id' | 'status' | 'text' | 'cause' | 'fix' | 'isDenied'>;

/** What the doctor says, but for the titles. */
async function findings(api: KubernetesApi, probing?: Probing): Promise<Said[]> {
  const said: Said[] = [];
  for await (const { title: _, category: __, ...finding } of diagnose({ api, installation, probing }))
    said.push(finding);
  return said;
}

async function findingsOf(api: KubernetesApi, id: string, probing?: Probing): Promise<Said[]> {
  return (await findings(api, probing)).filter((finding) => finding.id === id);
}

/** The webhook configuration with a change of where its entry calls. */
function entryWith(clientConfig: object): KubernetesObject {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: 'hello-webhook' },
    webhooks: [{ name: entry, clientConfig }],
  };
}

/** The same API for a ServiceAccount that has no permissions but those of `rules`. */
async function strangerTo(cluster: Cluster, rules: object[]): Promise<KubernetesApi> {
  const { api } = cluster;
  const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name: 'stranger' } };
  const subjects = [{ kind: 'ServiceAccount', name: 'default', namespace: 'team-a' }];
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'stranger' };
  await apply(api, { ...rbac, kind: 'ClusterRole', rules }, { fieldManager: 'test' });
  await apply(api, { ...rbac, kind: 'ClusterRoleBinding', subjects, roleRef }, { fieldManager: 'test' });
  return connect({ kubeconfig: await cluster.kubeconfigOf('team-a') });
}

async function runAs(kubeconfig: string): Promise<{ status: number | null; output: string }> {
  await using cleanup = new AsyncDisposableStack();
  const child = startDoctor(kubeconfig, cleanup);
  return { status: await child.exit, output: child.lines.join('\n') };
}

function startDoctor(kubeconfig: string, cleanup: AsyncDisposableStack, ...args: string[]) {
  const env = { ...process.env, KUBECONFIG: kubeconfig };
  return startChild(process.execPath, ['scripts/hello-webhook.ts', 'doctor', ...args], { cleanup, env });
}
