import { once } from 'node:events';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { V1MutatingWebhookConfiguration } from '@kubernetes/client-node';
import { expect } from 'chai';
import { parseInjections } from '../../function/injections/load.ts';
import { Changes } from '../../scripts/install/changes.ts';
import { instanceLabels } from '../../scripts/install/installation.ts';
import { readRegistered, register } from '../../scripts/install/registration.ts';
import type { Target } from '../../scripts/install/target.ts';
import { webhookConfiguration } from '../../scripts/install/webhook-configuration.ts';
import { goBack, withdrawOutdated } from '../../scripts/install/withdrawal.ts';
import { apply } from '../../scripts/kubernetes/apply.ts';
import type { KubernetesObject } from '../../scripts/kubernetes/object.ts';
import { prepareNamespace } from '../../scripts/local/api-server.ts';
import { createCertificateAuthority } from '../../scripts/local/certificate-authority.ts';
import type { FunctionServer } from '../../scripts/local/function-server.ts';
import { describeOnApiServer, refusal } from './cluster.ts';

const plain = '  - {name: plain, selector: {matchLabels: {plain: "true"}}, env: [{name: PLAIN, value: "yes"}]}\n';
const kept = '  - {name: kept, namespaceSelector: {matchLabels: {team: a}}, env: [{name: KEPT, value: "yes"}]}\n';
const earlier = `injections:
${plain}${kept}
  - {name: goes, namespaceSelector: {matchLabels: {team: a}}, selector: {matchLabels: {goes: "true"}}, env: [{name: GOES, value: "yes"}]}
  - {name: moves, namespaceSelector: {matchLabels: {team: b}}, env: [{name: MOVES, value: "yes"}]}
`;
const later = `injections:
${plain}${kept}
  - {name: moves, namespaceSelector: {matchLabels: {team: a}}, selector: {matchLabels: {moves: "true"}}, env: [{name: MOVES, value: "yes"}]}
  - {name: comes, namespaceSelector: {matchLabels: {team: b}}, env: [{name: COMES, value: "yes"}]}
`;

describeOnApiServer('a revision that comes while the webhook configuration is that of the one that goes', (cluster) => {
  const cleanup = new AsyncDisposableStack();
  const installation = { name: 'hello-webhook', namespace: 'hello-system' };
  let revisions: { old: FunctionServer; next: FunctionServer };
  let gateway: Gateway;

  before(async function () {
    this.timeout(60_000);
    for (const team of ['a', 'b']) {
      await prepareNamespace(cluster.api, `team-${team}`);
      const metadata = { name: `team-${team}`, labels: { team } };
      await apply(
        cluster.api,
        { apiVersion: 'v1', kind: 'Namespace', metadata },
        { fieldManager: 'test', force: true },
      );
    }
    revisions = { old: await cluster.startFunction(earlier), next: await cluster.startFunction(later) };
    gateway = await startGateway(cleanup, revisions.old);
  });
  beforeEach(async () => {
    gateway.routeTo(revisions.old);
    await registerFor(earlier);
    await untilInjected('team-a', { goes: 'true' }, ['KEPT', 'GOES']);
    await untilInjected('team-b', {}, ['MOVES']);
  });
  after(() => cleanup.disposeAsync());

  /** Registers the entries of these injections, so that a call that fails refuses its Pod. */
  async function registerFor(injections: string): Promise<void> {
    const configured = parseInjections(injections, 'injections.yaml');
    const place = { name: installation.name, url: gateway.url, caCert: gateway.caCert };
    const { metadata, ...rest } = webhookConfiguration(place, configured, { failurePolicy: 'Fail' });
    const configuration = { ...rest, metadata: { ...metadata, labels: instanceLabels(installation) } };
    await register(cluster.api, configuration as KubernetesObject, { installation, progress: () => {} });
  }

  /** The variables that a Pod with these labels comes back with on a dry run. */
  async function variables(namespace: string, labels: Record<string, string> = {}): Promise<string[]> {
    const spec = { automountServiceAccountToken: false, containers: [{ name: 'app', image: 'app:1' }] };
    const { object } = await cluster.createPod(namespace, { metadata: { name: 'app', labels }, spec }, '?dryRun=All');
    return object.spec?.containers[0]?.env?.map(({ name }) => name) ?? [];
  }

  async function untilInjected(namespace: string, labels: Record<string, string>, expected: string[]): Promise<void> {
    while ((await variables(namespace, labels)).join() !== expected.join()) await delay(20);
  }

  /** Of a function that is ready; what is sent is seen by `sent` first. */
  function target(cleanup: AsyncDisposableStack, sent: (path: string, body: unknown) => void = () => {}) {
    const reports: string[] = [];
    const ready = {
      metadata: { generation: 1 },
      status: { observedGeneration: 1, conditions: [{ type: 'Ready', status: 'True' }] },
    };
    const send: typeof cluster.api.send = async (method, path, options) => {
      if (method === 'PUT') sent(path, options?.body);
      if (!path.startsWith('/apis/serving.knative.dev/')) return cluster.api.send(method, path, options);
      return { object: ready, warnings: [] } as never;
    };
    const report: Target['report'] = (title, { text }) => void reports.push(`${title}: ${text}`);
    return { api: { ...cluster.api, send }, installation, progress: () => {}, cleanup, report, reports };
  }

  const configuredAfter = parseInjections(later, 'injections.yaml');
  const outdated: string[] = ['goes', 'moves'].map((name) => `${name}.hello-webhook.hello-system.svc`);

  it('has no call fail, and serves the rest all the time, where the entries that it will not serve go first', async () => {
    await using temporary = new AsyncDisposableStack();
    const [seen, failures] = [new Set<string>(), [] as string[]];
    let isDone = false;
    const rounds = new Map<object, number>();
    const roundOf = (labels: object) => rounds.get(labels) ?? 0;
    const watch = async (namespace: string, labels: Record<string, string>) => {
      while (!isDone) {
        const names = await variables(namespace, labels).catch((error: Error) => [error.message]);
        if (names.join() === '' || names.join().includes(' ')) failures.push(names.join());
        for (const name of names) seen.add(name);
        rounds.set(labels, roundOf(labels) + 1);
        await delay(20);
      }
    };
    const watching = [
      watch('team-a', { goes: 'true', moves: 'true' }),
      watch('team-b', { plain: 'true' }),
      watch('team-a', { plain: 'true' }),
    ];
    const untilSeen = async (...names: string[]) => {
      while (!names.every((name) => seen.has(name))) await delay(20);
    };
    await untilSeen('KEPT', 'GOES', 'MOVES');
    const { reports, ...withdrawing } = target(temporary);
    await withdrawOutdated(withdrawing, new Changes(withdrawing.api), configuredAfter);
    // Called for one, the old function reviews all that share its namespaceSelector, so another namespace tells.
    await untilInjected('team-b', {}, []);
    // A Pod whose creation had begun before is still called for by the entries of then: a rollout takes longer.
    const begun = new Map(rounds);
    while (rounds.size < 3 || [...begun].some(([labels, round]) => roundOf(labels) < round + 2)) await delay(20);
    gateway.routeTo(revisions.next);
    await untilInjected('team-a', { plain: 'true' }, ['PLAIN', 'KEPT']);
    await registerFor(later);
    await untilSeen('PLAIN', 'COMES');
    isDone = true;
    await Promise.all(watching);
    expect(failures).to.deep.equal([]);
    expect(reports).to.deep.equal([
      `Webhook: withdrawn, since the function will not serve them: ${outdated.join(', ')}`,
    ]);
  });

  it('would refuse Pods otherwise, and say which injections it knows', async () => {
    gateway.routeTo(revisions.next);
    const { message } = await refusal(variables('team-a', { goes: 'true' }));
    expect(message).to.contain('those that have one are kept, moves, comes');
  });

  it('goes back by the entries that both serve, once the function has gone back', async () => {
    await using temporary = new AsyncDisposableStack();
    const sent: string[] = [];
    const { reports: _, ...going } = target(temporary, (path, body) => {
      const { webhooks } = body as V1MutatingWebhookConfiguration;
      sent.push(webhooks ? webhooks.map(({ name }) => name.split('.')[0]).join() : path);
    });
    const before = await readRegistered(cluster.api, installation);
    const changes = new Changes(going.api);
    await withdrawOutdated(going, changes, configuredAfter);
    // In the place of the function.
    const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'function', namespace: 'team-a' } };
    const applied = (data: object) => apply(cluster.api, { ...configMap, data }, { fieldManager: 'test', force: true });
    await applied({ is: 'old' });
    await changes.make(configMap, () => applied({ is: 'new' }));
    await registerFor(later);
    sent.length = 0;
    await goBack(going, changes, { before, injections: configuredAfter, isMeant: () => true });
    const seen = sent.map((one) => (one.includes('/configmaps/') ? 'function' : one));
    expect(seen.filter((one, index) => one !== seen[index - 1])).to.deep.equal([
      'plain,kept',
      'function',
      'plain,kept,goes,moves',
    ]);
    expect((await readRegistered(cluster.api, installation))?.webhooks).to.deep.equal(before?.webhooks);
  });
});

interface Gateway {
  url: string;
  caCert: string;
  routeTo(server: FunctionServer): void;
}

/** A gateway that routes each request to the revision of the moment, as Knative's do. */
async function startGateway(cleanup: AsyncDisposableStack, first: FunctionServer): Promise<Gateway> {
  let revision = first;
  const authority = await createCertificateAuthority('gateway');
  const server = createServer(await authority.issueForLocalhost(), async (incoming, response) => {
    const { pathname, origin } = new URL(revision.url);
    const path = `${pathname}${incoming.url?.slice('/mutate'.length)}`;
    const { method, headers } = incoming;
    const forwarded = request(`${origin}${path}`, { ca: revision.caCert, method, headers, agent: false });
    const answered = once(forwarded, 'response');
    await pipeline(incoming, forwarded);
    const [answer] = await answered;
    response.writeHead(answer.statusCode, answer.headers);
    await pipeline(answer, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanup.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const routeTo = (next: FunctionServer) => {
    revision = next;
  };
  return { url: `https://127.0.0.1:${port}/mutate`, caCert: authority.cert, routeTo };
}
