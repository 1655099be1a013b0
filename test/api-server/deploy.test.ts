import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { V1MutatingWebhookConfiguration } from '@kubernetes/client-node';
import { expect } from 'chai';
import { appliedBy } from '../../scripts/install/applied-by.ts';
import { Changes } from '../../scripts/install/changes.ts';
import { defaultInstallation as installation, instanceLabels } from '../../scripts/install/installation.ts';
import { listInstalled } from '../../scripts/install/inventory.ts';
import { readService } from '../../scripts/install/knative-service.ts';
import { plan } from '../../scripts/install/plan.ts';
import { register, webhookConfigurations } from '../../scripts/install/registration.ts';
import { apply } from '../../scripts/kubernetes/apply.ts';
import type { KubernetesObject } from '../../scripts/kubernetes/object.ts';
import { list, read } from '../../scripts/kubernetes/read.ts';
import { prepareNamespace } from '../../scripts/local/api-server.ts';
import { temporaryDirectory } from '../../scripts/terminal/temporary-directory.ts';
import { playControllers } from '../support/controllers.ts';
import { installDefinitions } from '../support/definitions.ts';
import { StagedCluster } from '../support/staged-cluster.ts';
import { describeOnApiServer } from './cluster.ts';

describeOnApiServer('npm run deploy, on a cluster without anything', (cluster) => {
  it('names all that is missing, and how to get it', async () => {
    const { status, output } = await cluster.run('deploy', '--image', 'image');
    expect(status).to.equal(1);
    expect(output).to.contain('✗ Knative            the API server does not serve serving.knative.dev/v1');
    expect(output).to.contain('https://knative.dev/docs/install/');
    expect(output).to.contain('✗ cert-manager       the API server does not serve cert-manager.io/v1');
    expect(output).to.contain('kubectl apply -k manifests/platform/issuer');
    expect(output).to.contain('Nothing was changed');
  });
});

describeOnApiServer('npm run deploy, on a cluster that has one', (cluster) => {
  const cleanup = new AsyncDisposableStack();

  before(async function () {
    await installDefinitions(this, cluster);
    await new StagedCluster(cluster.api).stage('gateway-kourier', cleanup);
  });
  after(() => cleanup.disposeAsync());

  for (const [title, status, args, message] of [
    [
      'leaves the webhook configuration of another installation alone',
      1,
      ['--namespace', 'team-a', '--image', 'image'],
      'there is a MutatingWebhookConfiguration hello-webhook of hello-webhook.hello-system: give another --name',
    ],
    [
      'asks for an image where there is no function yet',
      2,
      ['--name', 'mine', '--namespace', 'team-a'],
      'there is no function mine in team-a yet: give --image IMAGE',
    ],
    [
      'refuses bad injections with their places, before anything is changed',
      1,
      ['--injections', 'test/unit/configuration/an empty file/injections.yaml'],
      'test/unit/configuration/an empty file/injections.yaml:1:1: the file: is empty: must begin with injections:',
    ],
    [
      'refuses names that Kubernetes would',
      2,
      ['--name', 'Mine'],
      "option '--name <name>' argument 'Mine' is invalid. Use lower-case letters, digits and dashes.",
    ],
    [
      'refuses names that are too long for a label together',
      2,
      ['--name', 'a'.repeat(31), '--namespace', 'b'.repeat(32)],
      'error: --name and --namespace may have 62 characters together at most: shorten one of them',
    ],
    [
      'refuses a name that YAML takes for something else',
      2,
      ['--namespace', '123'],
      'error: YAML does not read 123 as text: choose another name',
    ],
    [
      'refuses a context that the kubeconfig does not have',
      2,
      ['--context', 'nowhere'],
      'error: --context nowhere is not in the kubeconfig, which has: hello-webhook',
    ],
  ] as const) {
    it(title, async () => {
      const ended = await cluster.run('deploy', ...args);
      expect(ended.output).to.contain(message);
      expect(ended.status).to.equal(status);
    });
  }

  for (const command of ['deploy', 'doctor', 'sync', 'undeploy']) {
    it(`refuses a bad --namespace the same way in ${command}`, async () => {
      const { status, output } = await cluster.run(command, '--namespace', 'a/b');
      expect(output).to.contain("option '-n, --namespace <name>' argument 'a/b' is invalid");
      expect(output).to.contain(`(npm run ${command} -- --help explains it)`);
      expect(status).to.equal(2);
    });
  }

  it('does not share a namespace with another installation, by what is in it', async () => {
    const labels = instanceLabels({ name: 'other', namespace: 'team-b' });
    const contentType = 'application/merge-patch+json';
    await cluster.api.send('PATCH', '/api/v1/namespaces/team-b', { body: { metadata: { labels } }, contentType });
    const attempt = () => plan(cluster.api, { name: 'mine', namespace: 'team-b' }, { image: 'image' });
    expect(await attempt()).to.include({ namespace: 'team-b' });
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'other', labels } };
    await cluster.api.send('POST', '/api/v1/namespaces/team-b/serviceaccounts', { body: account });
    expect(await attempt().catch(({ message }) => message)).to.equal(
      "namespace team-b is other.team-b's: give another --namespace, or its --name",
    );
  });

  for (const how of ['client', 'server'] as const) {
    it(`sees who else applies a webhook configuration that it has written since: kubectl on the ${how}'s side`, async () => {
      const applied = { name: `applied-by-${how}`, namespace: 'hello-system' };
      const there = () => read<V1MutatingWebhookConfiguration>(cluster.api, `${webhookConfigurations}/${applied.name}`);
      const ours = `${webhookConfigurations}/hello-webhook`;
      const { webhooks: [entry] = [] } = (await read<V1MutatingWebhookConfiguration>(cluster.api, ours)) ?? {};
      const calling = (path: string) => ({
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'MutatingWebhookConfiguration',
        metadata: { name: applied.name, labels: instanceLabels(applied) },
        webhooks: [
          {
            name: 'one.applied.test',
            objectSelector: { matchLabels: { never: 'true' } },
            clientConfig: { caBundle: entry?.clientConfig.caBundle, url: `https://127.0.0.1:1/${path}` },
            admissionReviewVersions: ['v1'],
            sideEffects: 'None',
          },
        ],
      });
      if (how === 'server') await apply(cluster.api, calling('mutate'), { fieldManager: 'kubectl' });
      else
        await cluster.api.send('POST', `${webhookConfigurations}?fieldManager=kubectl-client-side-apply`, {
          body: calling('mutate'),
        });
      await register(cluster.api, calling('mutate/token'), { installation: applied, progress: () => {} });
      const written = await there();
      expect(written?.webhooks?.[0]?.clientConfig.url).to.match(/token$/);
      expect(appliedBy(written ?? {})).to.equal('kubectl apply');
    });
  }

  it('has the API server judge the injections, and changes nothing where it refuses one', async () => {
    await using temporary = new AsyncDisposableStack();
    const namespace = `test-${randomUUID().slice(0, 8)}`;
    await prepareNamespace(cluster.api, namespace);
    await cluster.api.send('PATCH', `/api/v1/namespaces/${namespace}`, {
      body: { metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'baseline' } } },
      contentType: 'application/merge-patch+json',
    });
    const file = join(temporaryDirectory(join(tmpdir(), 'hello-webhook-test-'), temporary), 'injections.yaml');
    await writeFile(
      file,
      `
injections:
  - name: host-files
    selector: {matchLabels: {hello: "true"}}
    namespaces: {include: [${namespace}]}
    volume: {name: v, hostPath: {path: /opt}}
    mount: {mountPath: /files}
`,
    );
    const objects = () =>
      Promise.all(
        [
          `${webhookConfigurations}/hello-webhook`,
          '/apis/serving.knative.dev/v1/namespaces/hello-system/services/hello-webhook',
        ].map((path) => read(cluster.api, path)),
      );
    const before = await objects();
    const { status, output } = await cluster.run('deploy', '--image', 'another', '--injections', file);
    expect(status, output).to.equal(1);
    expect(output).to.contain(`injection host-files: refused in namespace ${namespace}: `);
    expect(output).to.contain('violates PodSecurity');
    expect(await objects()).to.deep.equal(before);
  });

  it('goes back to all that was there before, where the API server does not reach what was deployed', async () => {
    await using temporary = new AsyncDisposableStack();
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{}' };
    await cluster.api.send('PATCH', `${webhookConfigurations}/hello-webhook`, {
      body: { metadata: { annotations } },
      contentType: 'application/merge-patch+json',
    });
    const before = await installed();
    const { status, output } = await deployed(temporary, '--injections', await otherInjections(temporary));
    expect(status, output).to.equal(1);
    expect(output).to.match(/! Applied elsewhere +kubectl apply applies this installation, too: its next apply undoes/);
    expect(output).to.contain('The API server does not reach the function.');
    expect(output).to.match(/! Rolled back +as before: .*Knative Service hello-webhook/);
    expect(await installed()).to.deep.equal(before);
  });

  it('leaves a function that nothing called before, for the doctor to look at, but no webhook configuration', async () => {
    await using temporary = new AsyncDisposableStack();
    await cluster.api.send('DELETE', `${webhookConfigurations}/hello-webhook`);
    const args = ['--context', 'hello-webhook', '--injections', await otherInjections(temporary)];
    const { status, output } = await deployed(temporary, ...args);
    expect(status, output).to.equal(1);
    expect(output)
      .to.match(/! Function +stays, but nothing calls it/)
      .and.contain('npm run undeploy -- --context hello-webhook takes it away');
    expect(await read(cluster.api, `${webhookConfigurations}/hello-webhook`)).to.equal(undefined);
    expect((await readService(cluster.api, installation))?.spec.template.spec.containers[0]?.image).to.equal('another');
  });

  it('knows what it has changed, and puts it back as it was, with who owns which field', async () => {
    const changes = new Changes(cluster.api);
    const metadata = { namespace: 'team-a', labels: { of: 'test' } };
    const object = (name: string, data: Record<string, string>): KubernetesObject => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { ...metadata, name },
      data,
    });
    const applied = (wanted: KubernetesObject) => () =>
      apply(cluster.api, wanted, { fieldManager: 'hello-webhook-deploy', force: true });
    const there = () =>
      list<KubernetesObject>(cluster.api, '/api/v1/namespaces/team-a/configmaps?labelSelector=of%3Dtest');
    await applied(object('kept', { a: '1', b: '1' }))();
    await applied(object('same', { a: '1' }))();
    const before = (await there()).map(withoutVersion);
    for (const wanted of [object('kept', { a: '2', c: '2' }), object('same', { a: '1' }), object('new', { a: '2' })]) {
      await changes.make(wanted, applied(wanted));
    }
    await changes.make(object('kept', {}), applied(object('kept', { d: '3' })));
    expect(
      await changes.undo(
        () => true,
        () => {},
      ),
    ).to.deep.equal(['ConfigMap new', 'ConfigMap kept']);
    expect((await there()).map(withoutVersion)).to.deep.equal(before);
    const late = changes.make(object('late', {}), applied(object('late', {})));
    expect(await late.catch(({ message }) => message)).to.contain('ConfigMap late: not changed');
    expect((await there()).map(withoutVersion)).to.deep.equal(before);
  });

  /** Deploys another image, with controllers that are content with everything. */
  async function deployed(
    temporary: AsyncDisposableStack,
    ...args: string[]
  ): Promise<{ status: number | null; output: string }> {
    const stopped = new AbortController();
    const controllers = playControllers(cluster.api, Buffer.from('x').toString('base64'), stopped.signal);
    temporary.defer(() => controllers);
    temporary.defer(() => stopped.abort());
    const options = ['--image', 'another', '--reach', 'gateway', '--probe-namespace', 'team-a', '--no-cold'];
    return cluster.run('deploy', ...options, ...args);
  }

  /** A file with injections that need another ConfigMap, another permission and another webhooks entry. */
  async function otherInjections(temporary: AsyncDisposableStack): Promise<string> {
    const file = join(temporaryDirectory(join(tmpdir(), 'hello-webhook-test-'), temporary), 'injections.yaml');
    const text = `
injections:
  - name: other
    selector: {matchLabels: {other: "true"}}
    volume: {name: other, configMap: {name: other}}
    mount: {mountPath: /other}
    ensure: true
`;
    await writeFile(file, text);
    return file;
  }

  /** All that is installed, with who owns which field. */
  async function installed(): Promise<object[]> {
    return (await listInstalled(cluster.api, installation)).map(withoutVersion);
  }
});

/** What says how often, and when, an object was written is left out, as is what controllers say of it. */
function withoutVersion({ metadata, status: _, ...object }: KubernetesObject): object {
  const { resourceVersion: _version, generation: _generation, managedFields = [], ...own } = metadata;
  const owners = (managedFields as { manager: string; operation: string; subresource?: string; fieldsV1: object }[])
    .filter(({ subresource }) => !subresource)
    .map(({ manager, operation, fieldsV1 }) => ({ manager, operation, fieldsV1 }));
  return { ...object, metadata: { ...own, owners } };
}
