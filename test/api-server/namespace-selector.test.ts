import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { parseInjections } from '../../function/injections/load.ts';
import { webhookConfigurations } from '../../scripts/install/registration.ts';
import { webhookConfiguration } from '../../scripts/install/webhook-configuration.ts';
import { apply } from '../../scripts/kubernetes/apply.ts';
import { prepareNamespace } from '../../scripts/local/api-server.ts';
import { describeOnApiServer } from './cluster.ts';

const injections = `
injections:
  - name: ca
    namespaceSelector: {matchLabels: {ca: company}}
    files: {ca.crt: "-----"}
    mount: {mountPath: /etc/company, readOnly: true}
  - name: zone
    selector: {matchLabels: {app: clock}}
    namespaceSelector: {matchLabels: {ca: company}}
    env: [{name: TZ, value: UTC}]
  - name: other-team
    namespaceSelector: {matchExpressions: [{key: team, operator: In, values: [other]}]}
    env: [{name: TEAM, value: other}]
  - name: plain
    selector: {matchLabels: {plain: "true"}}
    namespaces: {exclude: [left-out]}
    env: [{name: PLAIN, value: "yes"}]
`;

describeOnApiServer('injections by the labels of namespaces', (cluster) => {
  const labelled = { ca: 'company' };

  before(async function () {
    this.timeout(60_000);
    const server = await cluster.startFunction(injections);
    for (const name of ['labelled', 'unlabelled', 'left-out', 'hello-system', 'kube-system'])
      await prepareNamespace(cluster.api, name);
    for (const name of ['labelled', 'left-out', 'hello-system', 'kube-system']) await label(name, labelled);
    const { url, caCert } = server;
    const configured = parseInjections(injections, 'injections.yaml');
    const body = webhookConfiguration({ name: 'by-labels', url, caCert }, configured, { failurePolicy: 'Fail' });
    await cluster.api.send('POST', webhookConfigurations, { body });
    // The API server learns of configurations, and of a namespace's labels, a moment late.
    while ((await create('labelled')).length === 0) await delay(50);
  });

  async function label(name: string, labels: Record<string, string>): Promise<void> {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
    await apply(cluster.api, namespace, { fieldManager: 'test', force: true });
  }

  /** The paths and variables that a Pod without any label of ours, or with these, comes back with on a dry run. */
  async function create(namespace: string, labels: Record<string, string> = {}): Promise<string[]> {
    const containers = [{ name: 'app', image: 'app:1' }];
    const spec = { automountServiceAccountToken: false, containers };
    const pod = { metadata: { name: `pod-${randomUUID().slice(0, 8)}`, labels }, spec };
    const { object, warnings } = await cluster.createPod(namespace, pod, '?dryRun=All');
    expect(warnings).to.deep.equal([]);
    const [app] = object.spec?.containers ?? [];
    return [
      ...(app?.volumeMounts ?? []).map(({ mountPath }) => mountPath),
      ...(app?.env ?? []).map(({ name }) => name),
    ];
  }

  it('are in every Pod of a namespace that a team labels', async () => {
    expect(await create('labelled')).to.deep.equal(['/etc/company']);
    expect(await create('left-out')).to.deep.equal(['/etc/company']);
  });

  it('are in those alone that a selector selects besides; both have all by one call each', async () => {
    expect(await create('labelled', { app: 'clock' })).to.have.members(['/etc/company', 'TZ']);
  });

  it("are in no Pod of another namespace, of the platform's or of the function's own, whatever their labels", async () => {
    expect(await create('unlabelled')).to.deep.equal([]);
    expect(await create('kube-system')).to.deep.equal([]);
    expect(await create('hello-system')).to.deep.equal([]);
  });

  it('stand beside injections without a namespaceSelector, of which each is called for its own', async () => {
    expect(await create('labelled', { plain: 'true' })).to.have.members(['/etc/company', 'PLAIN']);
    expect(await create('unlabelled', { plain: 'true' })).to.deep.equal(['PLAIN']);
    expect(await create('left-out', { plain: 'true' })).to.deep.equal(['/etc/company']);
  });

  it('come with the label of a namespace', async () => {
    await prepareNamespace(cluster.api, 'late');
    expect(await create('late')).to.deep.equal([]);
    await label('late', { team: 'other' });
    while ((await create('late')).length === 0) await delay(50);
    expect(await create('late')).to.deep.equal(['TEAM']);
  });

  it('are not called for where exact names leave a namespace out: not even a function that fails refuses a Pod there', async () => {
    const body = webhookConfiguration(
      { name: 'nobody', url: 'https://127.0.0.1:1/mutate', caCert: '' },
      [
        {
          name: 'one-namespace',
          selector: { matchExpressions: [{ key: 'opt-out', operator: 'DoesNotExist' }] },
          namespaces: { include: ['unlabelled'] },
        },
      ],
      { failurePolicy: 'Fail', clientConfig: { url: 'https://127.0.0.1:1/mutate' } },
    );
    await cluster.api.send('POST', webhookConfigurations, { body });
    const refused = (namespace: string) =>
      create(namespace).then(
        () => false,
        () => true,
      );
    while (!(await refused('unlabelled'))) await delay(50);
    expect([await refused('labelled'), await refused('left-out'), await refused('kube-system')]).to.deep.equal([
      false,
      false,
      false,
    ]);
  });
});
