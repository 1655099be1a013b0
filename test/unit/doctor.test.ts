import { once } from 'node:events';
import { type AddressInfo, connect, createServer as createTcpServer, type Server } from 'node:net';
import { createServer } from 'node:tls';
import type { V1LabelSelector, V1Pod } from '@kubernetes/client-node';
import { expect } from 'chai';
import fc from 'fast-check';
import { defaultInjections } from '../../function/injections/default-injections.ts';
import { selectsLabels } from '../../function/review/selector.ts';
import type { LinkFinding } from '../../scripts/doctor/check.ts';
import { callFindings, samplesIn } from '../../scripts/doctor/checks/connection/calls.ts';
import { podFindings } from '../../scripts/doctor/checks/pods/pods.ts';
import { type Certificate, certificateFinding } from '../../scripts/doctor/checks/trust/certificates.ts';
import { verifyServed } from '../../scripts/doctor/checks/trust/tls.ts';
import { fixFor } from '../../scripts/doctor/fix.ts';
import { implies } from '../../scripts/doctor/implication.ts';
import { asksForPods } from '../../scripts/doctor/pod-rules.ts';
import { conclude } from '../../scripts/doctor/report.ts';
import { createCertificateAuthority } from '../../scripts/local/certificate-authority.ts';
import { broken, formatFinding, ok, unknown } from '../../scripts/terminal/finding.ts';

describe('doctor: what is served', () => {
  it('is trusted where the caBundle has its authority, and the certificate the host', async () => {
    expect(await served({})).to.match(
      /^✓ TLS {12}localhost is served with a certificate that the caBundle vouches for, until 20\d\d-\d\d-\d\d$/,
    );
  });

  it('is broken under another caBundle, and says what is served', async () => {
    const { cert } = await createCertificateAuthority('another');
    expect(await served({ caBundle: cert })).to.match(
      /^✗ TLS {12}what is served for localhost is not trusted: UNABLE_TO_VERIFY_LEAF_SIGNATURE; its certificate is for DNS:localhost, IP Address:127\.0\.0\.1, by CN=served, until /,
    );
  });

  it('is broken for a host that the certificate does not name', async () => {
    expect(await served({ host: 'hello-webhook.kourier-system.svc' })).to.match(
      /^✗ TLS {12}what is served for hello-webhook\.kourier-system\.svc is not trusted: ERR_TLS_CERT_ALTNAME_INVALID; /,
    );
  });

  it('is broken where the gateway does not know the host, and closes the connection', async () => {
    const server = createTcpServer((socket) => socket.destroy());
    const finding = await against(server, { host: 'localhost', caBundle: '' });
    expect(finding).to.match(/^✗ TLS {12}no certificate is served for localhost: /);
  });
});

describe('doctor: a Certificate', () => {
  const now = new Date('2026-11-24T12:00:00Z');
  const finding = (status: Partial<Certificate['status']>) =>
    formatFinding(
      certificateFinding(
        {
          metadata: { name: 'gateway', namespace: 'hello-system' },
          spec: { secretName: 'gateway', issuerRef: { name: 'issuer' } },
          status: { conditions: [{ type: 'Ready', status: 'True' }], ...status },
        },
        now,
        'a.svc',
      ),
    ).split('\n')[0];

  it('is as it should be until it is to be renewed', () => {
    expect(finding({ notAfter: '2027-02-22T00:00:00Z', renewalTime: '2027-01-22T00:00:00Z' })).to.equal(
      '✓ certificate    gateway for a.svc, until 2027-02-22 (Secret gateway)',
    );
  });

  it('is to be minded once it was to be renewed, and more so with three weeks left', () => {
    expect(finding({ notAfter: '2026-12-20T00:00:00Z', renewalTime: '2026-11-20T00:00:00Z' })).to.equal(
      '! certificate    Certificate gateway in hello-system was to be renewed on 2026-11-20',
    );
    expect(finding({ notAfter: '2026-12-05T00:00:00Z', renewalTime: '2026-11-20T00:00:00Z' })).to.equal(
      '! certificate    Certificate gateway in hello-system expires in 10 days, on 2026-12-05',
    );
  });

  it('is broken once it has expired, or is not ready', () => {
    expect(finding({ notAfter: '2026-11-23T00:00:00Z' })).to.equal(
      '✗ certificate    Certificate gateway in hello-system expired on 2026-11-23',
    );
    const conditions = [{ type: 'Ready', status: 'False', reason: 'DoesNotExist', message: 'no Secret' }];
    expect(finding({ conditions })).to.equal(
      '✗ certificate    Certificate gateway in hello-system is not ready: DoesNotExist: no Secret',
    );
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
        expect(implies(one, other)).to.equal(selected.every((labels) => selectsLabels(other, labels)));
      }),
      { numRuns: Number(process.env.PROPERTY_RUNS ?? 1000) },
    );
  });

  it('by rules for the creation of Pods', () => {
    const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] };
    const asks = (change: object) =>
      asksForPods({
        name: 'a',
        clientConfig: {},
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        rules: [{ ...rule, ...change }],
      });
    for (const change of [{}, { apiGroups: ['*'] }, { operations: ['*'] }, { resources: ['*/*'] }, { scope: '*' }])
      expect(asks(change), JSON.stringify(change)).to.equal(true);
    for (const change of [
      { apiGroups: ['apps'] },
      { operations: ['UPDATE'] },
      { resources: ['pods/exec', 'services'] },
      { scope: 'Cluster' },
    ])
      expect(asks(change), JSON.stringify(change)).to.equal(false);
  });
});

describe('doctor: Pods without files', () => {
  const since = new Date('2026-11-24T12:00:00Z');
  // As JSON has it: with the time as text.
  const pod = (name: string, metadata: object = {}, containers: object[] = [{ name: 'app' }]) =>
    ({
      metadata: { name, namespace: 'a', labels: { hello: 'true' }, creationTimestamp: since.toJSON(), ...metadata },
      spec: { containers },
    }) as unknown as V1Pod;
  const said = (pods: V1Pod[]) => podFindings(pods, defaultInjections, since).map(formatFinding);

  it('are told apart by what has to be mended: what is older is only to be created anew', () => {
    const creationTimestamp = '2026-11-24T11:00:00Z';
    const ownerReferences = [{ apiVersion: 'batch/v1', kind: 'Job', name: 'j', uid: '1', controller: true }];
    expect(said([pod('old', { creationTimestamp, ownerReferences }), pod('new')])).to.deep.equal([
      '! Pods           1 Pod without files, from before the webhook was registered: a/old\n' +
        `${' '.repeat(17)}kubectl -n a delete pod old: its Job makes it anew`,
      '! Pods           1 Pod without files, created since: the API server did not ask, or could not: a/new\n' +
        `${' '.repeat(17)}kubectl -n a delete pod new, and create it again`,
    ]);
  });

  it('are not those in which something is in the way, which say so themselves', () => {
    const annotations = { 'hello-webhook/skipped': 'hello: container app: /etc/config is taken by volume own' };
    const containers = [{ name: 'app', volumeMounts: [{ name: 'own', mountPath: '/etc/config' }] }];
    expect(said([pod('blocked', { annotations }, containers)])).to.deep.equal([
      '✓ Pods           1 selected Pod, none without files; 1 say in annotation hello-webhook/skipped what is in the way',
    ]);
  });

  it('are many at times: a few are named', () => {
    const [line] = said(Array.from({ length: 200 }, (_, index) => pod(`app-${index}`)));
    expect(line?.split('\n').map((text) => text.trim())).to.deep.equal([
      '! Pods           200 Pods without files, created since: the API server did not ask, or could not: a/app-0, a/app-1, a/app-2 and 197 more',
      'kubectl -n a delete pod app-0, and create it again',
      'kubectl -n a delete pod app-1, and create it again',
      'kubectl -n a delete pod app-2, and create it again',
      'and 197 more like these',
    ]);
  });
});

describe('doctor: the counters of the API server', () => {
  it("are those of our entries' calls", () => {
    const metrics = `# HELP apiserver_admission_webhook_fail_open_count …
apiserver_admission_webhook_fail_open_count{name="ours",type="admit"} 3
apiserver_admission_webhook_fail_open_count{name="theirs",type="admit"} 4
apiserver_admission_webhook_fail_open_count{name="ours",type="validating"} 5
apiserver_admission_webhook_rejection_count{error_type="no_error",name="ours",operation="CREATE",rejection_code="403",type="admit"} 1
apiserver_admission_webhook_admission_duration_seconds_sum{name="ours",type="admit"} 2.5
`;
    const samples = samplesIn(metrics, new Set(['ours']));
    expect(samples.map(({ metric, value }) => [metric, value])).to.deep.equal([
      ['fail_open_count', 3],
      ['rejection_count', 1],
    ]);
  });

  it('tell calls that failed from Pods that were denied, which is no failure', () => {
    const sample = (metric: string, value: number, labels = {}) => ({ metric, labels, value });
    const failed = { error_type: 'calling_webhook_error' };
    const denied = { error_type: 'no_error' };
    const said = (...samples: ReturnType<typeof sample>[]) =>
      callFindings(samples).map((finding) => formatFinding(finding).split('\n')[0]);
    expect(said(sample('request_total', 7), sample('rejection_count', 2, denied))).to.deep.equal([
      '✓ calls          7 calls since the API server started, none has failed, 2 Pods denied for a conflict',
    ]);
    expect(said(sample('fail_open_count', 1), sample('rejection_count', 2, failed))).to.deep.equal([
      '! calls          1 time the API server let in a Pod without asking, for the function could not be called: failurePolicy Ignore hides it',
      '! calls          2 times the API server refused a Pod, for the function could not be called: failurePolicy Fail',
    ]);
  });
});

describe('doctor: what the findings come to', () => {
  const entries = ok('entries', '');
  const denied = (link: string) => ({ ...unknown(link, 'forbidden'), isDenied: true as const });
  const status = (...findings: LinkFinding[]) => conclude(findings).status;

  it('is 3 where nothing is broken, but rights are lacking to look at what the call takes', () => {
    expect(conclude([denied('knative'), unknown('ingress', ''), entries])).to.deep.equal({
      text: 'Nothing is broken as far as can be seen; 2 links could not be looked at: knative, ingress',
      status: 3,
    });
    expect(status(denied('knative'), broken('webhook', '', ''), entries)).to.equal(1);
  });

  it('is 0 where something else keeps a link from being looked at, or it comes after the call', () => {
    expect(status(unknown('TLS', 'no port-forward'), entries)).to.equal(0);
    expect(status(entries, denied('copies'))).to.equal(0);
    expect(conclude([entries])).to.deep.equal({ text: 'Nothing is broken.', status: 0 });
  });
});

describe('doctor: a fix', () => {
  const fix = (text: string, context?: string) =>
    fixFor(broken('link', '', text), { name: 'hello-webhook', namespace: 'elsewhere', context }).fix;

  it('is for the namespace and the context that doctor was called with', () => {
    expect(fix('npm run deploy')).to.equal('npm run deploy -- -n elsewhere');
    expect(fix('npm run deploy, without --no-ensure')).to.equal('npm run deploy -- -n elsewhere, without --no-ensure');
    expect(fix('npm run deploy -- --image IMAGE', 'c')).to.equal(
      'npm run deploy -- --context c -n elsewhere --image IMAGE',
    );
    expect(fix('kubectl get pod\nkubectl get ksvc', 'c')).to.equal(
      'kubectl --context c get pod\nkubectl --context c get ksvc',
    );
  });
});

/** What is said of a TLS server for localhost. */
async function served({ host = 'localhost', caBundle }: { host?: string; caBundle?: string }): Promise<string> {
  const authority = await createCertificateAuthority('served');
  const server = createServer(await authority.issueForLocalhost(), (socket) => socket.on('error', () => {}));
  return against(server, { host, caBundle: caBundle ?? authority.cert });
}

async function against(server: Server, expected: { host: string; caBundle: string }): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  try {
    return formatFinding(await verifyServed(socket, expected));
  } finally {
    socket.destroy();
    server.close();
  }
}
