import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { parseInjections } from '../../function/injections/load.ts';
import { dryRunInjections } from '../../scripts/install/dry-run.ts';
import { prepareNamespace } from '../../scripts/local/api-server.ts';
import { temporaryDirectory } from '../../scripts/terminal/temporary-directory.ts';
import { describeOnApiServer } from './cluster.ts';

describeOnApiServer('injections, as the API server judges them on a dry run', (cluster) => {
  before(() => prepareNamespace(cluster.api, 'default'));

  /** A namespace of its own that enforces a Pod Security Standard. */
  async function namespaceThatEnforces(standard: string): Promise<string> {
    const namespace = `test-${randomUUID().slice(0, 8)}`;
    await prepareNamespace(cluster.api, namespace);
    const body = { metadata: { labels: { 'pod-security.kubernetes.io/enforce': standard } } };
    const contentType = 'application/merge-patch+json';
    await cluster.api.send('PATCH', `/api/v1/namespaces/${namespace}`, { body, contentType });
    return namespace;
  }

  const judge = (text: string) => dryRunInjections(cluster.api, parseInjections(text, 'injections.yaml'), 'default');
  const of = (volume: string, more = '') => `
injections:
  - name: judged
    selector: {matchLabels: {hello: "true"}}
    volume: ${volume}
    mount: {mountPath: /files}
${more}`;

  it('passes those that are sound', async () => {
    expect(await judge(of('{name: v, configMap: {name: c}}'))).to.deep.equal({ refusals: [], untried: [] });
  });

  it('refuses a source that neither the function nor this API server knows, which would be an empty folder', async () => {
    const { refusals } = await judge(of('{name: v, madeUpIn2030: {path: x}}'));
    expect(refusals).to.have.length(1);
    expect(refusals[0]).to.include({ injection: 'judged', namespace: 'default' });
    expect(refusals[0]?.message).to.contain('unknown field "spec.volumes[0].madeUpIn2030"');
  });

  it('names the namespace whose Pod Security Standard forbids the volume', async () => {
    const namespace = await namespaceThatEnforces('baseline');
    const { refusals } = await judge(
      of('{name: v, hostPath: {path: /opt}}', `    namespaces: {include: [${namespace}]}`),
    );
    expect(refusals).to.have.length(1);
    expect(refusals[0]).to.include({ injection: 'judged', namespace });
    expect(refusals[0]?.message).to.match(/violates PodSecurity "baseline.*hostPath/);
  });

  it('takes a namespace that enforces restricted, where only the injection is judged', async () => {
    const namespace = await namespaceThatEnforces('restricted');
    const text = of('{name: v, configMap: {name: c}}', `    namespaces: {include: [${namespace}]}`);
    expect(await judge(text)).to.deep.equal({ refusals: [], untried: [] });
  });

  it('says where no Pod is taken at all', async () => {
    const namespace = `test-${randomUUID().slice(0, 8)}`;
    // Without a ServiceAccount, Pods are refused whatever they hold.
    await cluster.api.send('POST', '/api/v1/namespaces', { body: { metadata: { name: namespace } } });
    const { refusals, untried } = await judge(
      of('{name: v, configMap: {name: c}}', `    namespaces: {include: [${namespace}]}`),
    );
    expect(refusals).to.deep.equal([]);
    expect(untried).to.have.length(1);
    expect(untried[0]?.reason).to.contain(`no Pod is taken in namespace ${namespace}`);
  });

  it('are checked so by hello-webhook check, with the words of the API server', async () => {
    await using cleanup = new AsyncDisposableStack();
    const file = join(temporaryDirectory(join(tmpdir(), 'hello-webhook-test-'), cleanup), 'injections.yaml');
    const namespace = await namespaceThatEnforces('baseline');
    await writeFile(file, of('{name: v, hostPath: {path: /opt}}', `    namespaces: {include: [${namespace}]}`));
    const { status, output } = await cluster.run('check', '--context', 'hello-webhook', file);
    expect(status, output).to.equal(1);
    expect(output).to.contain(`injection judged: the API server refuses its Pod in namespace ${namespace}: `);
    expect(output).to.contain('violates PodSecurity');
  });
});
