import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { defaultInstallation as installation } from '../../scripts/install/installation.ts';
import { waitForZero } from '../../scripts/install/knative-service.ts';
import { dryRun, probePod } from '../../scripts/install/probe-pod.ts';
import type { KubernetesApi } from '../../scripts/kubernetes/client.ts';
import { temporaryDirectory } from '../../scripts/terminal/temporary-directory.ts';
import { describeOnCluster, newNamespace, succeed } from './cluster.ts';

const team = `
  - name: team-files
    namespaceSelector: {matchLabels: {team-files: "true"}}
    files: {team.txt: "of the team"}
    mount: {mountPath: /etc/team}
`;

describeOnCluster('an injection for the namespaces of a label, on a cluster', (api) => {
  it('is for their Pods, whatever their labels, also from zero; not for others, and not for our own', async () => {
    await using cleanup = new AsyncDisposableStack();
    const file = join(temporaryDirectory(join(tmpdir(), 'hello-webhook-test-'), cleanup), 'injections.yaml');
    const others = readFileSync('manifests/demo/injection/injections.yaml', 'utf8');
    writeFileSync(file, `${others}${team}`);
    await succeed('deploy', '--injections', file, '--no-cold');
    const labels = { 'team-files': 'true' };
    const labelled = await newNamespace(api(), cleanup, labels);
    const unlabelled = await newNamespace(api(), cleanup);
    expect(await mountsIn(api(), labelled)).to.include('/etc/team');
    expect(await mountsIn(api(), unlabelled)).not.to.include('/etc/team');
    for (const namespace of [installation.namespace, 'knative-serving']) {
      await label(api(), namespace, labels);
      cleanup.defer(() => label(api(), namespace, { 'team-files': null }));
      expect(await mountsIn(api(), namespace)).not.to.include('/etc/team');
    }
    await waitForZero(api(), installation, () => {});
    expect(await mountsIn(api(), labelled)).to.include('/etc/team');
    // Its entry goes before the function that knows it.
    writeFileSync(file, others);
    expect(await succeed('deploy', '--injections', file, '--no-cold')).to.contain('withdrawn');
    expect(await mountsIn(api(), labelled)).not.to.include('/etc/team');
  });
});

/** The mounts that a Pod without any label of ours comes back with from a dry run. */
async function mountsIn(api: KubernetesApi, namespace: string): Promise<string[]> {
  const { object } = await dryRun(api, namespace, probePod({}));
  return (
    object.spec?.containers.flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ mountPath }) => mountPath)) ?? []
  );
}

async function label(api: KubernetesApi, name: string, labels: Record<string, string | null>): Promise<void> {
  const contentType = 'application/merge-patch+json';
  await api.send('PATCH', `/api/v1/namespaces/${name}`, { body: { metadata: { labels } }, contentType });
}
