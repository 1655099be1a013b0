import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readRegistered, restoreRegistered } from '../../scripts/install/registration.ts';
import { read } from '../../scripts/kubernetes/read.ts';
import { prepareNamespace } from '../../scripts/local/api-server.ts';
import { temporaryDirectory } from '../../scripts/terminal/temporary-directory.ts';
import { installDefinitions } from '../support/definitions.ts';
import { StagedCluster } from '../support/staged-cluster.ts';
import { configurations, describeOnApiServer } from './cluster.ts';

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
      'test/unit/configuration/an empty file/injections.yaml:1:1: the file: must be an object',
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

  it('does not share a namespace with another installation', async () => {
    const labels = { 'app.kubernetes.io/part-of': 'hello-webhook', 'app.kubernetes.io/instance': 'other.team-b' };
    const path = '/api/v1/namespaces/team-b';
    const contentType = 'application/merge-patch+json';
    await cluster.api.send('PATCH', path, { body: { metadata: { labels } }, contentType });
    const { status, output } = await cluster.run(
      'deploy',
      '--name',
      'mine',
      '--namespace',
      'team-b',
      '--image',
      'image',
    );
    expect(output).to.contain("namespace team-b is other.team-b's: give another --namespace, or its --name");
    expect(status).to.equal(1);
  });

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
          `${configurations}/hello-webhook`,
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

  it('goes back to the webhook configuration of before, and to none where there was none', async () => {
    const installation = { name: 'hello-webhook', namespace: 'hello-system' };
    const before = await readRegistered(cluster.api, installation);
    if (!before) throw new Error('the staged chain has no webhook configuration');
    const path = `${configurations}/hello-webhook`;
    const [first] = before.webhooks ?? [];
    await cluster.api.send('PUT', path, {
      body: { ...before, webhooks: [{ ...first, name: 'other.hello-webhook.svc' }] },
    });
    await restoreRegistered(cluster.api, installation, before);
    expect((await readRegistered(cluster.api, installation))?.webhooks).to.deep.equal(before.webhooks);
    await restoreRegistered(cluster.api, installation, undefined);
    expect(await readRegistered(cluster.api, installation)).to.equal(undefined);
  });
});
