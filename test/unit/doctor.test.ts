import { readFileSync } from 'node:fs';
import { connect, createServer as createTcpServer, type Server } from 'node:net';
import { createServer } from 'node:tls';
import type { V1LabelSelector, V1Pod } from '@kubernetes/client-node';
import { expect } from 'chai';
import fc from 'fast-check';
import { defaultInjections } from '../../function/injections/default-injections.ts';
import type { Injection } from '../../function/review/injection.ts';
import { selectsLabels } from '../../function/review/selector.ts';
import { callFindings, samplesIn } from '../../scripts/doctor/checks/admission/calls.ts';
import { metricsFinding } from '../../scripts/doctor/checks/monitoring/request-metrics.ts';
import { podFindings } from '../../scripts/doctor/checks/pods/selected-pods.ts';
import { type Certificate, certificateFinding } from '../../scripts/doctor/checks/trust/certificates.ts';
import { verifyTls } from '../../scripts/doctor/checks/trust/tls.ts';
import { isIncomplete } from '../../scripts/doctor/failed-creations.ts';
import { fixFor } from '../../scripts/doctor/fix.ts';
import { callsForPods } from '../../scripts/install/entry-rules.ts';
import { isSubset } from '../../scripts/install/selector-subset.ts';
import type { KubernetesObject } from '../../scripts/kubernetes/object.ts';
import { createCertificateAuthority } from '../../scripts/local/certificate-authority.ts';
import type { Finding } from '../../scripts/terminal/finding.ts';
import { readYaml } from '../../scripts/workloads/yaml-file.ts';
import { expectAsIn, fixtures } from '../support/fixtures.ts';
import { listen } from '../support/listen.ts';

/** Each directory of test/unit/doctor/CHECK is a case: what the check looks at, and in `expected.yaml` its findings. */
describe('doctor: certificates', () => {
  const now = new Date('2026-11-24T12:00:00Z');
  for (const { title, file } of fixtures('unit/doctor/certificates')) {
    it(title, () => {
      const certificate = readYaml(file('certificate.yaml')) as Certificate;
      expectAsIn(file('expected.yaml'), [certificateFinding(certificate, now, 'a.svc')]);
    });
  }
});

describe('doctor: selected Pods', () => {
  const registered = new Date('2026-11-24T12:00:00Z');
  for (const { title, file } of fixtures('unit/doctor/selected-pods')) {
    it(title, () => {
      const pods = readYaml(file('pods.yaml')) as V1Pod[];
      expectAsIn(file('expected.yaml'), podFindings(pods, defaultInjections, { registered }));
    });
  }
});

describe('doctor: a selected Pod without files', () => {
  const since = { registered: new Date('2026-11-24T12:00:00Z') };
  const pod = {
    metadata: {
      namespace: 'a',
      name: 'p',
      labels: { hello: 'true' },
      creationTimestamp: new Date('2026-11-24T13:00:00Z'),
    },
    spec: { containers: [{ name: 'app' }] },
  };
  const why = 'created while the API server did not call the function, or could not reach it';
  const textOf = (injections: readonly Injection[]) =>
    podFindings([pod], injections, since, new Map([['a', { team: 'x' }]])).map(({ text }) => text);

  it('may be older than a label of its namespace, where an injection looks for that', () => {
    const [hello] = defaultInjections as [Injection];
    expect(textOf([hello])).to.deep.equal([`1 Pod without files, ${why}: a/p`]);
    const scoped = { ...hello, namespaceSelector: { matchLabels: { team: 'x' } } };
    expect(textOf([scoped])).to.deep.equal([`1 Pod without files, ${why}, or its namespace was labelled since: a/p`]);
  });
});

describe('doctor: calls', () => {
  for (const { title, file } of fixtures('unit/doctor/calls')) {
    it(title, () => {
      const samples = samplesIn(readFileSync(file('metrics.txt'), 'utf8'), new Set(['ours']));
      expectAsIn(file('expected.yaml'), callFindings(samples));
    });
  }
});

describe('doctor: request metrics', () => {
  const backend = 'metrics.request-metrics-backend-destination';
  for (const [version, data, status] of [
    ['1.15.2', {}, 'ok'],
    ['v1.18.1', { [backend]: 'opencensus' }, 'ok'],
    ['1.18.0', { [backend]: 'none' }, 'warning'],
    ['1.18.0', { 'request-metrics-protocol': 'none' }, 'ok'],
    ['1.19.0', {}, 'warning'],
    ['1.19.0', { [backend]: 'prometheus' }, 'warning'],
    ['1.20.1', { 'request-metrics-protocol': 'none' }, 'warning'],
    ['1.21.0', { 'request-metrics-protocol': 'http/protobuf' }, 'ok'],
    ['2.0.0', {}, 'warning'],
  ] as const) {
    it(`are ${status === 'ok' ? 'there' : 'missing'} by Knative ${version} with ${JSON.stringify(data)}`, () => {
      expect(metricsFinding(data, version).status).to.equal(status);
    });
  }
});

describe('doctor: the certificate that is served', () => {
  it('is trusted where the caBundle has its CA, and the certificate the host', async () => {
    const { status, text } = await served({});
    expect(text).to.match(/^the certificate served for localhost is trusted by the caBundle, until 20\d\d-\d\d-\d\d$/);
    expect(status).to.equal('ok');
  });

  it('is broken under another caBundle, and says what is served', async () => {
    const { cert } = await createCertificateAuthority('another');
    const { status, text } = await served({ caBundle: cert });
    expect(text).to.match(
      /^the certificate served for localhost is not trusted: UNABLE_TO_VERIFY_LEAF_SIGNATURE; it is for DNS:localhost, IP Address:127\.0\.0\.1, issued by CN=served, until 20\d\d-\d\d-\d\d$/,
    );
    expect(status).to.equal('broken');
  });

  it('is broken for a host that the certificate does not name', async () => {
    const { status, text } = await served({ host: 'hello-webhook.kourier-system.svc' });
    expect(text).to.match(
      /^the certificate served for hello-webhook\.kourier-system\.svc is not trusted: ERR_TLS_CERT_ALTNAME_INVALID; /,
    );
    expect(status).to.equal('broken');
  });

  it('is broken where the gateway does not know the host, and closes the connection', async () => {
    const server = createTcpServer((socket) => socket.destroy());
    const { status, text } = await against(server, { host: 'localhost', caBundle: '' });
    expect(text).to.match(/^no certificate is served for localhost: /);
    expect(status).to.equal('broken');
  });
});

describe('doctor: an entry covers an injection', () => {
  const key = fc.constantFrom('a', 'b');
  const value = fc.constantFrom('1', '2');
  const requirement = fc.oneof(
    fc.record({ key, operator: fc.constantFrom('In', 'NotIn'), values: fc.uniqueArray(value, { minLength: 1 }) }),
    fc.record({ key, operator: fc.constantFrom('Exists', 'DoesNotExist') }),
  );
  const selector: fc.Arbitrary<V1LabelSelector> = fc.record({
    matchLabels: fc.dictionary(key, value, { maxKeys: 1 }),
    matchExpressions: fc.array(requirement, { maxLength: 3 }),
  });
  const values = [undefined, '1', '2', 'another'];
  const everyLabels = values.flatMap((a) => values.map((b) => ({ ...(a && { a }), ...(b && { b }) })));

  it('just where every Pod of the one is a Pod of the other', () => {
    fc.assert(
      fc.property(selector, selector, (one, other) => {
        const selected = everyLabels.filter((labels) => selectsLabels(one, labels));
        fc.pre(selected.length > 0);
        expect(isSubset(one, other)).to.equal(selected.every((labels) => selectsLabels(other, labels)));
      }),
      { numRuns: Number(process.env.PROPERTY_RUNS ?? 1000) },
    );
  });

  it('by rules for the creation of Pods', () => {
    const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] };
    const isCalled = (change: object) =>
      callsForPods({
        name: 'a',
        clientConfig: {},
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        rules: [{ ...rule, ...change }],
      });
    for (const change of [{}, { apiGroups: ['*'] }, { operations: ['*'] }, { resources: ['*/*'] }, { scope: '*' }])
      expect(isCalled(change), JSON.stringify(change)).to.equal(true);
    for (const change of [
      { apiGroups: ['apps'] },
      { operations: ['UPDATE'] },
      { resources: ['pods/exec', 'services'] },
      { scope: 'Cluster' },
    ])
      expect(isCalled(change), JSON.stringify(change)).to.equal(false);
  });
});

describe('doctor: a fix', () => {
  const fix = (text: string, kubeContext?: string) =>
    fixFor(text, { installation: { name: 'hello-webhook', namespace: 'elsewhere' }, kubeContext });

  it('is for the namespace and the context that doctor was called with', () => {
    expect(fix('npm run deploy')).to.equal('npm run deploy -- -n elsewhere');
    expect(fix('npm run deploy, or else')).to.equal('npm run deploy -- -n elsewhere, or else');
    expect(fix('npm run deploy -- --image IMAGE', 'c')).to.equal(
      'npm run deploy -- --context c -n elsewhere --image IMAGE',
    );
    expect(fix("kubectl -n a delete pod 'kubectl'", "my c'1")).to.equal(
      "kubectl --context 'my c'\\''1' -n a delete pod 'kubectl'",
    );
    expect(fix('npm run deploy', 'my c')).to.equal("npm run deploy -- --context 'my c' -n elsewhere");
    expect(fix('kubectl get pod\nkubectl get ksvc', 'c')).to.equal(
      'kubectl --context c get pod\nkubectl --context c get ksvc',
    );
  });
});

/** What is said of a TLS server for localhost. */
async function served({ host = 'localhost', caBundle }: { host?: string; caBundle?: string }): Promise<Finding> {
  const ca = await createCertificateAuthority('served');
  const server = createServer(await ca.issueForLocalhost(), (socket) => socket.on('error', () => {}));
  return against(server, { host, caBundle: caBundle ?? ca.cert });
}

async function against(server: Server, expected: { host: string; caBundle: string }): Promise<Finding> {
  await using cleanup = new AsyncDisposableStack();
  const socket = connect(await listen(server, cleanup), '127.0.0.1');
  cleanup.defer(() => void socket.destroy());
  return await verifyTls(socket, expected);
}

describe('doctor: a workload lacks Pods', () => {
  const workload = (kind: string, status: object, spec: object = {}, metadata: object = {}) =>
    ({ apiVersion: 'apps/v1', kind, metadata, spec, status }) as KubernetesObject;
  const cases: [lacks: boolean, what: string, workload: KubernetesObject][] = [
    [true, 'of fewer replicas than it is to have', workload('ReplicaSet', { replicas: 1 }, { replicas: 2 })],
    [false, 'of all its replicas', workload('StatefulSet', { replicas: 1 })],
    [true, 'that some node lacks', workload('DaemonSet', { desiredNumberScheduled: 2, currentNumberScheduled: 1 })],
    [false, 'that each node has', workload('DaemonSet', { desiredNumberScheduled: 2, currentNumberScheduled: 2 })],
    [true, 'without any', workload('Job', {})],
    [false, 'of which one runs', workload('Job', { active: 1 })],
    [false, 'of which one has failed', workload('Job', { failed: 1 })],
    [false, 'whose Pods are terminating', workload('Job', { terminating: 1 })],
    [false, 'that is suspended', workload('Job', {}, { suspend: true })],
    [false, 'that is being deleted', workload('ReplicaSet', {}, {}, { deletionTimestamp: '2026-11-24T12:00:00Z' })],
  ];
  for (const [lacks, what, object] of cases)
    it(`${lacks ? 'where it is' : 'but not where it is'} a ${object.kind} ${what}`, () => {
      expect(isIncomplete(object)).to.equal(lacks);
    });
});
