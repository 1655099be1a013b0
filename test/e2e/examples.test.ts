import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { V1ConfigMap, V1CronJob, V1Job, V1Pod } from '@kubernetes/client-node';
import { expect } from 'chai';
import { stringify } from 'yaml';
import { listCopies } from '../../scripts/install/copies.ts';
import { type Installation, optionsFor } from '../../scripts/install/installation.ts';
import { listInstalled } from '../../scripts/install/inventory.ts';
import { apply } from '../../scripts/kubernetes/apply.ts';
import type { KubernetesApi } from '../../scripts/kubernetes/client.ts';
import type { KubernetesObject } from '../../scripts/kubernetes/object.ts';
import { read } from '../../scripts/kubernetes/read.ts';
import { createTemporarily } from '../../scripts/kubernetes/temporary-object.ts';
import { temporaryDirectory } from '../../scripts/terminal/temporary-directory.ts';
import { readYaml } from '../../scripts/workloads/yaml-file.ts';
import { describeOnCluster, image, newNamespace, run, succeed, until } from './cluster.ts';

/** None of the names is ours, and the injection of the demo is not among the injections. */
const installation: Installation = { name: 'file-injector', namespace: 'platform-hooks' };
const names = optionsFor(installation);
const examples = ['company-ca', 'package-mirror', 'workload-identity'];
const sourcePath = `/api/v1/namespaces/${installation.namespace}/configmaps/company-ca`;
const options = ['--sync', '--network-policy', '--fail-closed', '--always-warm'];

describeOnCluster(
  'on a node, examples in an installation of which every name is its own',
  (api) => {
    const cleanup = new AsyncDisposableStack();
    let namespace: string;

    before(async () => {
      const file = join(temporaryDirectory(join(tmpdir(), 'hello-webhook-test-'), cleanup), 'injections.yaml');
      writeFileSync(file, stringify({ injections: examples.flatMap(injectionsOf) }));
      // First: deploy ends with the doctor's checks, of which one is that the copies have a source.
      const own = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: installation.namespace } };
      await createTemporarily(api(), own, { progress: () => {}, cleanup });
      cleanup.defer(async () => {
        await run('undeploy', '--all-copies', ...names);
      });
      await putCompanyCa(api(), 'old CA');
      await succeed('deploy', ...names, '--image', image, '--injections', file, ...options);
      namespace = await newNamespace(api(), cleanup);
    });
    after(() => cleanup.disposeAsync());

    const copied = async () =>
      (await read<V1ConfigMap>(api(), `/api/v1/namespaces/${namespace}/configmaps/company-ca`))?.data?.[
        'ca-bundle.crt'
      ];

    it("a container reads the copied CA of its variable, a file that its Pod carries, and a token for the cloud's audience", async () => {
      const labels = { 'company-ca': 'true', 'package-mirror': 'true', 'aws-identity': 'true' };
      const annotations = { 'example.com/aws-role-arn': 'arn:aws:iam::111122223333:role/reader' };
      const script = [
        'cat "$NODE_EXTRA_CA_CERTS"; echo',
        'head -n 1 "$PIP_CONFIG_FILE"',
        'echo "$AWS_ROLE_ARN"',
        'cat "$AWS_WEB_IDENTITY_TOKEN_FILE"',
      ].join(' && ');
      const output = await outputOf(api(), namespace, { labels, annotations }, script);
      const [ca, pip, role, token = ''] = output.split('\n');
      expect([ca, pip, role]).to.deep.equal(['old CA', '[global]', 'arn:aws:iam::111122223333:role/reader']);
      const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
      expect(claims).to.deep.include({
        aud: ['sts.amazonaws.com'],
        sub: `system:serviceaccount:${namespace}:default`,
      });
    });

    it('the doctor finds nothing broken, and explain each injection in that Pod', async () => {
      expect(await succeed('doctor', ...names)).not.to.contain('✗');
      const where = ['-n', namespace, '--name', installation.name, '--function-namespace', installation.namespace];
      const explained = await succeed('explain', 'pod/reader', ...where);
      for (const name of ['company-ca', 'package-mirror', 'aws-identity'])
        expect(explained).to.match(new RegExp(`^✓ ${name} `, 'm'));
    });

    it("the CronJob's own Pod brings the copy up to date, by the function's image and its own permissions", async () => {
      expect(await copied()).to.equal('old CA');
      await putCompanyCa(api(), 'new CA');
      const jobs = `/apis/batch/v1/namespaces/${installation.namespace}`;
      const cronJob = await read<V1CronJob>(api(), `${jobs}/cronjobs/${installation.name}`);
      const body = { metadata: { name: 'sync-now' }, spec: cronJob?.spec.jobTemplate.spec };
      await api().send('POST', `${jobs}/jobs`, { body });
      await until('the Job is complete', async () => {
        const { succeeded = 0, failed = 0 } = (await read<V1Job>(api(), `${jobs}/jobs/sync-now`))?.status ?? {};
        if (failed > 0) throw new Error('the Pod of the Job failed');
        return succeeded === 1;
      });
      expect(await copied()).to.equal('new CA');
      await api().send('DELETE', `${jobs}/jobs/sync-now?propagationPolicy=Foreground`);
      await until('the Job is gone', async () => (await read(api(), `${jobs}/jobs/sync-now`)) === undefined);
    });

    it('sync does so, too', async () => {
      await putCompanyCa(api(), 'newest CA');
      expect(await succeed('sync', ...names)).to.contain(`${namespace}/company-ca: updated`);
      expect(await copied()).to.equal('newest CA');
    });

    it('undeploy leaves nothing of it behind, once the source of the copies has gone', async () => {
      await api().send('DELETE', sourcePath);
      const output = await succeed('undeploy', '--all-copies', ...names);
      expect(output).to.contain('Nothing else of file-injector is left.');
      expect(await listInstalled(api(), installation)).to.deep.equal([]);
      expect(await listCopies(api(), installation)).to.deep.equal([]);
    });
  },
  { isBare: true },
);

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
