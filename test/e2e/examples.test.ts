import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { V1ConfigMap, V1CronJob, V1Job, V1Pod } from '@kubernetes/client-node';
import { expect } from 'chai';
import { stringify } from 'yaml';
import { defaultInstallation as installation } from '../../scripts/install/installation.ts';
import { apply } from '../../scripts/kubernetes/apply.ts';
import type { KubernetesApi } from '../../scripts/kubernetes/client.ts';
import type { KubernetesObject } from '../../scripts/kubernetes/object.ts';
import { read } from '../../scripts/kubernetes/read.ts';
import { temporaryDirectory } from '../../scripts/terminal/temporary-directory.ts';
import { readYaml } from '../../scripts/workloads/yaml-file.ts';
import { describeOnCluster, newNamespace, succeed, until } from './cluster.ts';

describeOnCluster('examples on a node', (api) => {
  const cleanup = new AsyncDisposableStack();
  let namespace: string;

  before(async () => {
    const injections = ['hello', 'company-ca', 'workload-identity'].flatMap(injectionsOf);
    const file = join(temporaryDirectory(join(tmpdir(), 'hello-webhook-test-'), cleanup), 'injections.yaml');
    writeFileSync(file, stringify({ injections }));
    // First: deploy ends with the doctor's checks, of which one is that the copies have a source.
    await putCompanyCa(api(), 'old CA');
    await succeed('deploy', '--injections', file, '--sync', '--no-cold');
    namespace = await newNamespace(api(), cleanup);
  });
  after(() => cleanup.disposeAsync());

  it("a container reads hello.txt, which its Pod carries, the copied CA of its variable, and a token for the cloud's audience", async () => {
    const labels = { hello: 'true', 'company-ca': 'true', 'aws-identity': 'true' };
    const annotations = { 'example.com/aws-role-arn': 'arn:aws:iam::111122223333:role/reader' };
    const script = [
      'cat /etc/config/hello.txt',
      'cat "$NODE_EXTRA_CA_CERTS"; echo',
      'echo "$AWS_ROLE_ARN"',
      'cat "$AWS_WEB_IDENTITY_TOKEN_FILE"',
    ].join(' && ');
    const output = await outputOf(api(), namespace, { labels, annotations }, script);
    const [hello, ca, role, token = ''] = output.split('\n');
    expect([hello, ca, role]).to.deep.equal([
      'Hello from a file out of a hat!',
      'old CA',
      'arn:aws:iam::111122223333:role/reader',
    ]);
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    expect(claims).to.deep.include({ aud: ['sts.amazonaws.com'], sub: `system:serviceaccount:${namespace}:default` });
  });

  it("the CronJob's own Pod brings the copy up to date, by the function's image and its own permissions", async () => {
    const copy = async () =>
      (await read<V1ConfigMap>(api(), `/api/v1/namespaces/${namespace}/configmaps/company-ca`))?.data?.[
        'ca-bundle.crt'
      ];
    expect(await copy()).to.equal('old CA');
    await putCompanyCa(api(), 'new CA');
    const jobs = `/apis/batch/v1/namespaces/${installation.namespace}`;
    const cronJob = await read<V1CronJob>(api(), `${jobs}/cronjobs/${installation.name}`);
    const body = { metadata: { name: 'sync-now' }, spec: cronJob?.spec.jobTemplate.spec };
    await api().send('POST', `${jobs}/jobs`, { body });
    cleanup.defer(async () => {
      await api().send('DELETE', `${jobs}/jobs/sync-now?propagationPolicy=Background`);
    });
    await until('the Job is complete', async () => {
      const { succeeded = 0, failed = 0 } = (await read<V1Job>(api(), `${jobs}/jobs/sync-now`))?.status ?? {};
      if (failed > 0) throw new Error('the Pod of the Job failed');
      return succeeded === 1;
    });
    expect(await copy()).to.equal('new CA');
  });
});

function injectionsOf(example: string): object[] {
  return (readYaml(`manifests/examples/${example}.yaml`) as { injections: object[] }).injections;
}

/** The source of the copies. */
async function putCompanyCa(api: KubernetesApi, text: string): Promise<void> {
  const metadata = { name: 'company-ca', namespace: installation.namespace };
  const object: KubernetesObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'ca-bundle.crt': text } };
  await apply(api, object, { fieldManager: 'test' });
}

/** What a Pod's container writes, once it has ended well. */
async function outputOf(api: KubernetesApi, namespace: string, metadata: object, script: string): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/pods`;
  const container = {
    name: 'app',
    image: 'busybox:1.36',
    imagePullPolicy: 'IfNotPresent',
    command: ['sh', '-c', script],
  };
  const spec = { restartPolicy: 'Never', containers: [container] };
  await api.send('POST', path, { body: { metadata: { ...metadata, name: 'reader' }, spec } });
  await until('the Pod has ended', async () => {
    const phase = (await read<V1Pod>(api, `${path}/reader`))?.status?.phase;
    if (phase === 'Failed') throw new Error(`the container failed: ${await api.text(`${path}/reader/log`)}`);
    return phase === 'Succeeded';
  });
  return api.text(`${path}/reader/log`);
}
