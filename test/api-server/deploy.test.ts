import { expect } from 'chai';
import { installDefinitions } from '../support/definitions.ts';
import { StagedChain } from '../support/staged-chain.ts';
import { describeOnApiServer } from './cluster.ts';

describeOnApiServer('npm run deploy, on a cluster without anything', (cluster) => {
  it('names all that is missing, and how to get it', async () => {
    const { status, output } = await cluster.run('deploy', '--image', 'image');
    expect(status).to.equal(1);
    expect(output).to.contain('✗ knative        the API server does not serve serving.knative.dev/v1');
    expect(output).to.contain('https://knative.dev/docs/install/');
    expect(output).to.contain('✗ cert-manager   the API server does not serve cert-manager.io/v1');
    expect(output).to.contain('kubectl apply -k manifests/platform/issuer');
    expect(output).to.contain('Nothing was changed');
  });
});

describeOnApiServer('npm run deploy, on a cluster that has one', (cluster) => {
  const cleanup = new AsyncDisposableStack();

  before(async function () {
    await installDefinitions(this, cluster);
    await new StagedChain(cluster.api).stage('gateway-kourier', cleanup);
  });
  after(() => cleanup.disposeAsync());

  for (const [title, args, message] of [
    [
      'leaves the webhook configuration of another installation alone',
      ['--namespace', 'team-a', '--image', 'image'],
      'there is a MutatingWebhookConfiguration hello-webhook of hello-webhook.hello-system: give another --name',
    ],
    [
      'asks for an image where there is no function yet',
      ['--name', 'mine', '--namespace', 'team-a'],
      'there is no function mine in team-a yet: give --image IMAGE',
    ],
    [
      'refuses bad injections with their places, before anything is changed',
      ['--injections', 'test/unit/configuration/an empty file/injections.yaml'],
      'test/unit/configuration/an empty file/injections.yaml:1:1: the file: must be an object',
    ],
    ['refuses names that Kubernetes would', ['--name', 'Mine'], '--name must be lower-case letters, digits and dashes'],
  ] as const) {
    it(title, async () => {
      const { status, output } = await cluster.run('deploy', ...args);
      expect(output).to.contain(message);
      expect(status).to.equal(1);
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
});
