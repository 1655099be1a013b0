import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { V1ConfigMap, V1MutatingWebhookConfiguration } from '@kubernetes/client-node';
import { expect } from 'chai';
import { type Cluster, connectToCluster } from '../../function/copies/config-maps.ts';
import { copyOf, fieldManager, isCopyFrom, stateOf } from '../../function/copies/copy.ts';
import { createEnsure } from '../../function/copies/ensure.ts';
import { deadlineOf } from '../../function/http/deadline.ts';
import { allow } from '../../function/review/admission.ts';
import type { Decision } from '../../function/review/review.ts';
import { readManifest } from '../../scripts/kubernetes/manifest.ts';
import { temporaryDirectory } from '../../scripts/terminal/temporary-directory.ts';
import { admissionRequest } from '../support/admission-review.ts';
import { writeKubeconfig } from '../support/kubeconfig.ts';
import { listen } from '../support/listen.ts';

const decision: Decision = {
  response: allow(admissionRequest({ spec: { containers: [] } })),
  outcome: 'injected',
  injections: ['hello'],
  skipped: [],
  leftOut: [],
  warnings: [],
  ensure: ['hello-configmap'],
};
const never = new AbortController().signal;

/** What managedFields say where somebody has applied the annotation of a copy. */
function madeBy(manager: string) {
  const fieldsV1 = { 'f:metadata': { 'f:annotations': { 'f:hello-webhook/copied-from': {} } } };
  return [{ manager, operation: 'Apply', fieldsV1 }];
}

describe('copies of ConfigMaps', () => {
  it('are made where the webhook would be called, and nowhere else', async () => {
    const asked: string[] = [];
    const ensure = createEnsure(async () => ({
      ensureConfigMap: async (namespace) => void asked.push(namespace),
    }));
    const [webhook] = readManifest('manifests/base/entry.yaml') as V1MutatingWebhookConfiguration[];
    const [requirement] = webhook?.webhooks?.[0]?.namespaceSelector?.matchExpressions ?? [];
    // The function's own is left out by the connection, which knows its name.
    const left = requirement?.values?.filter((name) => name !== 'hello-system') ?? [];
    expect(left).to.include('kube-system');
    const noNames = ['', '..', 'a/b', '%2e%2e', 'Team', 'a?b', '-a', 'a'.repeat(64), 'default\n'];
    for (const namespace of [...left, ...noNames]) expect(await ensure(decision, namespace, never)).to.equal(decision);
    await ensure(decision, 'team-a', never);
    expect(asked).to.deep.equal(['team-a']);
  });

  it('that fail for what is in the namespace are told to the log alone', async () => {
    const ensure = createEnsure(async () => ({ ensureConfigMap: async () => 'cannot create it: HTTP 404' }));
    const { response, skipped } = await ensure(decision, 'team-a', never);
    expect(response).to.deep.equal(decision.response);
    expect(skipped).to.deep.equal(['ConfigMap hello-configmap is not ensured: cannot create it: HTTP 404']);
  });

  for (const [timeout, ms] of [
    ['0s', 500],
    ['9999999s', 29_000],
    ['2147485s', 29_000],
    ['10s', 9_000],
  ] as const) {
    it(`have a deadline within what an API server waits for ?timeout=${timeout}`, () => {
      const original = AbortSignal.timeout;
      const asked: number[] = [];
      AbortSignal.timeout = (each) => {
        asked.push(each);
        return never;
      };
      try {
        deadlineOf(`/mutate?timeout=${timeout}`);
      } finally {
        AbortSignal.timeout = original;
      }
      expect(asked).to.deep.equal([ms]);
    });
  }
});

describe('a copy beside what it should be', () => {
  const wanted = copyOf({ metadata: { name: 'c', namespace: 'own' }, data: { a: 'new' } }, 'team');
  /** A copy with this content, of which `keys` were last written by the function. */
  const stored = (data: Record<string, string>, keys: string[], more: object = {}): V1ConfigMap => {
    const fieldsV1 = { 'f:data': Object.fromEntries(keys.map((key) => [`f:${key}`, {}])) };
    const managedFields = [{ manager: fieldManager, operation: 'Apply', fieldsV1 }];
    return { ...wanted, data, ...more, metadata: { ...wanted.metadata, managedFields } };
  };

  for (const [copy, state] of [
    [stored({ a: 'new' }, ['a']), 'up to date'],
    [stored({ a: 'new' }, []), 'up to date'],
    [stored({ a: 'old' }, ['a']), 'out of date'],
    [stored({}, []), 'out of date'],
    [stored({ a: 'theirs' }, []), 'changed'],
    [stored({ a: 'old', b: 'theirs' }, ['a']), 'changed'],
    [stored({ a: 'old' }, ['a'], { immutable: true }), 'immutable'],
  ] as const) {
    it(`is ${state} with ${JSON.stringify(copy.data)}, of which ${JSON.stringify(copy.metadata?.managedFields?.[0]?.fieldsV1)} are ours`, () => {
      expect(stateOf(copy, wanted)).to.equal(state);
    });
  }

  it('is one by its label and by the namespace of its source, where it has them from the function', () => {
    const metadata = { ...wanted.metadata, managedFields: madeBy(fieldManager) };
    expect(isCopyFrom({ metadata }, 'own')).to.equal(true);
    expect(isCopyFrom({ metadata }, 'other')).to.equal(false);
    expect(isCopyFrom({ metadata: { ...metadata, labels: {} } }, 'own')).to.equal(false);
    expect(isCopyFrom({ metadata: { ...metadata, annotations: {} } }, 'own')).to.equal(false);
    expect(isCopyFrom({ metadata: { ...metadata, managedFields: madeBy('tenant') } }, 'own')).to.equal(false);
    expect(isCopyFrom(wanted, 'own')).to.equal(false);
  });
});

describe('the access to the cluster', () => {
  const source = { metadata: { name: 'hello', namespace: 'own' }, data: { 'hello.txt': 'new' } };
  const copy = { ...copyOf(source, 'stale'), data: {}, immutable: false };
  const stale = { ...copy, metadata: { ...copy.metadata, managedFields: madeBy(fieldManager) } };
  const cleanup = new AsyncDisposableStack();
  const connections = new Set<unknown>();
  /** How an API server answers for ConfigMap hello in a namespace; for others, and in others, with 404. */
  const statuses: Record<string, Record<string, number>> = {
    own: { GET: 200 },
    taken: { GET: 200, PATCH: 200 },
    free: { GET: 404, PATCH: 200 },
    full: { GET: 404, PATCH: 403 },
    stale: { GET: 200, PATCH: 500 },
  };
  /** What its answers wait for. */
  let answered: Promise<void> = Promise.resolve();
  let cluster: Cluster;
  const calls: string[] = [];

  before(async () => {
    const server = createServer(async ({ method, url = '', socket }, response) => {
      connections.add(socket);
      await answered;
      const [, namespace = '', name] = /\/namespaces\/([^/]+)\/configmaps\/([^/?]+)/.exec(url) ?? [];
      calls.push(`${method} ${namespace}`);
      const status = (name === 'hello' && statuses[namespace]?.[method ?? '']) || 404;
      const body = status !== 200 ? { kind: 'Status' } : namespace === 'stale' ? stale : source;
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
    });
    const port = await listen(server, cleanup);
    const kubeconfig = join(temporaryDirectory(join(tmpdir(), 'hello-webhook-test-'), cleanup), 'kubeconfig.json');
    writeKubeconfig(kubeconfig, `http://127.0.0.1:${port}`);
    cluster = connectToCluster({ KUBECONFIG: kubeconfig });
  });
  after(() => cleanup.disposeAsync());

  it('says nothing of a kubeconfig that it cannot read but that', async () => {
    const file = join(temporaryDirectory(join(tmpdir(), 'hello-webhook-test-'), cleanup), 'config.yaml');
    writeFileSync(file, 'users:\n  - user: {token: "swordfish}\n');
    expect(() => connectToCluster({ KUBECONFIG: file })).to.throw(
      /^the kubeconfig that KUBECONFIG names cannot be read$/,
    );
  });

  it('does not throw for a namespace that does not exist', async () => {
    expect(await cluster.ensureConfigMap('nowhere', 'hello', never)).to.match(/^cannot create .*HTTP 404/);
  });

  it('tells the log alone that a copy could not be brought up to date, and asks no more than three times', async () => {
    calls.length = 0;
    expect(await cluster.ensureConfigMap('stale', 'hello', never)).to.match(/^cannot update .*HTTP 500/);
    expect(calls).to.deep.equal(['GET stale', 'GET own', 'PATCH stale']);
  });

  it('warns of the same whatever is in a namespace, or whether there is one', async () => {
    const ensure = createEnsure(async () => cluster);
    const warningsOf = async (namespace: string, name: string) =>
      (await ensure({ ...decision, ensure: [name] }, namespace, never)).response.warnings;
    for (const namespace of ['taken', 'free', 'full', 'stale', 'nowhere']) {
      expect(await warningsOf(namespace, 'hello'), namespace).to.deep.equal(decision.response.warnings);
      expect(await warningsOf(namespace, 'another'), namespace).to.deep.equal([
        'ConfigMap another is not ensured: there is no ConfigMap another in own to copy',
      ]);
    }
  });

  it("keeps each caller's own deadline for work that is shared", async () => {
    const held = Promise.withResolvers<void>();
    answered = held.promise;
    const short = new AbortController();
    const one = cluster.ensureConfigMap('shared', 'hello', short.signal).catch(({ message }) => message);
    const other = cluster.ensureConfigMap('shared', 'hello', never);
    short.abort();
    expect(await one).to.equal('the API server did not answer in time');
    held.resolve();
    expect(await other).to.match(/HTTP 404/);
  });

  it('takes a bounded number of calls at once, over a few connections', async () => {
    const held = Promise.withResolvers<void>();
    answered = held.promise;
    const all = Array.from({ length: 1_000 }, (_, index) =>
      cluster.ensureConfigMap(`team-${index}`, 'hello', never).catch(({ message }) => message),
    );
    held.resolve();
    const outcomes = await Promise.all(all);
    expect(outcomes.filter((each) => each === 'too many ConfigMaps are being copied')).to.have.length(900);
    expect(connections.size).to.be.at.most(4);
  });
});
