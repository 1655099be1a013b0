import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { admissionReview } from '../../scripts/local/admission-review.ts';

import { pod, type Server, ways } from '../support/function-process.ts';

for (const [title, startServer] of ways) {
  describe(`the function over HTTP, ${title}`, () => {
    const cleanup = new AsyncDisposableStack();
    let server: Server;

    before(async function () {
      this.timeout(60_000);
      server = await startServer(cleanup);
    });
    after(() => cleanup.disposeAsync());

    const post = (body: RequestInit['body'], { headers = {}, path = '/mutate?timeout=10s' } = {}) =>
      fetch(server.url + path, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...headers },
        body: body ?? null,
      });
    const recordOf = (uid: string) =>
      server.child.waitFor((line) => (line.includes(`"uid":"${uid}"`) ? JSON.parse(line) : undefined));

    for (const version of ['v1', 'v1beta1']) {
      it(`answers an AdmissionReview of ${version} in its version, with the uid and a JSONPatch`, async () => {
        const review = { ...admissionReview(pod), apiVersion: `admission.k8s.io/${version}` };
        const answer = await post(JSON.stringify(review));
        expect(answer.status).to.equal(200);
        expect(answer.headers.get('content-type')).to.match(/^application\/json/);
        const { apiVersion, kind, response } = await jsonOf(answer);
        expect({ apiVersion, kind }).to.deep.equal({ apiVersion: review.apiVersion, kind: 'AdmissionReview' });
        expect(response).to.include({ uid: review.request.uid, allowed: true, patchType: 'JSONPatch' });
        const patch = JSON.parse(Buffer.from(response.patch, 'base64').toString());
        expect(patch.map(({ path }: { path: string }) => path)).to.include('/spec/volumes');
      });
    }

    it('has neither patch nor patchType where there is nothing to do', async () => {
      const answer = await post(JSON.stringify(admissionReview({ ...pod, metadata: { name: 'app' } })));
      expect(answer.status).to.equal(200);
      expect((await jsonOf(answer)).response).to.have.all.keys('uid', 'allowed', 'auditAnnotations');
    });

    for (const path of ['/', '/health/liveness', '/health/readiness', '/healthz', '/readyz']) {
      it(`is healthy at ${path}, by GET and HEAD`, async () => {
        const got = await fetch(server.url + path);
        expect([got.status, await got.json()]).to.deep.equal([200, { status: 'ok' }]);
        expect((await fetch(server.url + path, { method: 'HEAD' })).status).to.equal(200);
      });
    }

    const review = JSON.stringify(admissionReview(pod));
    const refused: [title: string, send: () => Promise<Response>, status: number, error: RegExp][] = [
      ['another path', () => post(review, { path: '/other' }), 404, /\/mutate/],
      ['a path that cannot be decoded', () => post(review, { path: '/%zz' }), 404, /\/mutate/],
      ['GET of /mutate', () => fetch(`${server.url}/mutate`), 405, /POST/],
      ['PUT of /mutate', () => fetch(`${server.url}/mutate`, { method: 'PUT', body: review }), 405, /POST/],
      ['POST of a health path', () => post(review, { path: '/healthz' }), 405, /GET/],
      [
        'another content type',
        () => post(review, { headers: { 'Content-Type': 'text/plain' } }),
        415,
        /application\/json/,
      ],
      [
        'a compressed body',
        () => post(gzipSync(review), { headers: { 'Content-Encoding': 'gzip' } }),
        415,
        /compressed/,
      ],
      ['a body over 7 MiB', () => post(Buffer.alloc(7 * 2 ** 20 + 1, ' ')), 413, /7340032/],
      ['an empty body', () => post(''), 400, /JSON/],
      ['half a body', () => post(review.slice(0, -9)), 400, /JSON/],
      ['a body that is null', () => post('null'), 400, /the body must be an object/],
      ['a body that is no AdmissionReview', () => post('{}'), 400, /^apiVersion is required/],
      [
        'another version',
        () => post(review.replace('admission.k8s.io/v1', 'admission.k8s.io/v2')),
        400,
        /^apiVersion must be one of/,
      ],
      [
        'another kind of review',
        () => post(review.replace('AdmissionReview', 'TokenReview')),
        400,
        /^kind must be AdmissionReview/,
      ],
      ['no uid', () => post(review.replace('"uid"', '"id"')), 400, /^request\.uid is required/],
      ['no operation', () => post(review.replace('"operation"', '"op"')), 400, /^request\.operation is required/],
      ['no object', () => post(JSON.stringify(admissionReview(null))), 400, /^request\.object must be an object/],
      [
        'a volume of our name that is nested too deeply to compare',
        () => post(nested(100_000, 'hello-volume')),
        400,
        /nested/,
      ],
    ];
    for (const [title, send, status, error] of refused) {
      it(`answers ${title} with ${status} and a metav1.Status`, async () => {
        const answer = await send();
        expect(answer.status).to.equal(status);
        expect(answer.headers.get('content-type')).to.match(/^application\/json/);
        const { message, reason, ...rest } = await jsonOf(answer);
        expect(rest).to.deep.equal({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', code: status });
        expect(message).to.match(error);
        expect(reason).to.match(/^[A-Z][A-Za-z]+$/);
      });
    }

    const body = '\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';
    for (const [title, sent, answer] of [
      ['what is no HTTP', 'nonsense\r\n\r\n', /^HTTP\/1\.1 400 /],
      ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', /^HTTP\/1\.1 400 /],
      ['a request without Host', 'GET / HTTP/1.1\r\n\r\n', /^HTTP\/1\.1 400 /],
      ['a body with two lengths', `POST /mutate HTTP/1.1\r\nContent-Length: 3${body}`, /^HTTP\/1\.1 400 /],
      ['a chunk without a length', `POST /mutate HTTP/1.1${body}x\r\n`, /^HTTP\/1\.1 400 /],
      ['another expectation', 'GET / HTTP/1.1\r\nHost: a\r\nExpect: more\r\n\r\n', /^HTTP\/1\.1 417 /],
      ['headers over 16 KiB', `GET / HTTP/1.1\r\nHost: a\r\nA: ${'a'.repeat(2 ** 14)}\r\n\r\n`, /^HTTP\/1\.1 431 /],
      ['CONNECT', 'CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n', /^$/],
    ] as const) {
      it(`leaves ${title} to Node, which answers without a body, or not at all`, async () => {
        const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
        const received = text(socket);
        socket.write(sent);
        // Otherwise a connection is kept.
        socket.end();
        const [head = '', content = ''] = (await received).split('\r\n\r\n');
        expect(head).to.match(answer);
        expect(content).to.match(/^(0)?$/);
        expect((await fetch(`${server.url}/healthz`)).status).to.equal(200);
      });
    }

    const invalid: [title: string, pod: object, reason: string][] = [
      ['without spec', {}, 'spec is required'],
      ['without containers', { spec: {} }, 'spec.containers is required'],
      ['whose containers are no list', { spec: { containers: {} } }, 'spec.containers must be a list'],
      ['with a null container', { spec: { containers: [null] } }, 'spec.containers[0] must be an object'],
      [
        'with a container that is no object',
        { spec: { containers: ['swordfish'] } },
        'spec.containers[0] must be an object',
      ],
      ['with a container without a name', { spec: { containers: [{}] } }, 'spec.containers[0].name is required'],
      [
        'with a mount without a path',
        { spec: { containers: [{ name: 'app', volumeMounts: [{ name: 'data' }] }] } },
        'spec.containers[0].volumeMounts[0].mountPath is required',
      ],
      [
        'with an owner that is no object',
        { metadata: { ownerReferences: [null] }, spec: pod.spec },
        'metadata.ownerReferences[0] must be an object',
      ],
      [
        'with an owner whose kind is an object',
        { metadata: { ownerReferences: [{ kind: { toString: 1 }, name: 'app' }] }, spec: pod.spec },
        'metadata.ownerReferences[0].kind must be a string',
      ],
    ];
    for (const [title, object, problem] of invalid) {
      it(`allows a Pod ${title} unchanged, and says why in the log and the audit annotation`, async () => {
        const uid = `invalid ${title}`;
        const answer = await post(JSON.stringify(admissionReview(object, { uid, namespace: 'team-a' })));
        expect(answer.status).to.equal(200);
        const unchanged = `invalid Pod: ${problem}`;
        expect((await jsonOf(answer)).response).to.deep.equal({ uid, allowed: true, auditAnnotations: { unchanged } });
        const record = { message: unchanged, decision: 'unchanged', namespace: 'team-a', pod: 'app' };
        expect(await recordOf(uid)).to.include(record);
      });
    }

    it('says which methods a path takes', async () => {
      expect((await fetch(`${server.url}/mutate`)).headers.get('allow')).to.equal('POST');
    });

    it('logs what it refuses with duration and trace', async () => {
      const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
      await post(review, { path: '/refused', headers: { traceparent } });
      const record = await server.child.waitFor((line) =>
        line.includes('b7ad6b7169203331') ? JSON.parse(line) : undefined,
      );
      expect(record).to.include({ severity: 'WARNING', decision: 'refused', status: 404, spanId: 'b7ad6b7169203331' });
      expect(record.durationMs).to.be.a('number');
    });

    it('logs the subresource, and the owner that is no controller where there is no other', async () => {
      const ownerReferences = [{ kind: 'Node', name: 'node-1' }];
      const debugged = { ...pod, metadata: { ...pod.metadata, ownerReferences } };
      const request = { uid: 'owned', operation: 'UPDATE', subResource: 'ephemeralcontainers' };
      await post(JSON.stringify(admissionReview(debugged, request)));
      expect(await recordOf('owned')).to.include({ subResource: 'ephemeralcontainers', owner: 'Node/node-1' });
    });

    it('says of a bad request whose it was', async () => {
      await post(JSON.stringify(admissionReview(null, { uid: 'whose', namespace: 'team-a' })));
      expect(await recordOf('whose')).to.include({ decision: 'refused', status: 400, namespace: 'team-a', pod: 'app' });
    });

    it('cuts what a client makes long out of the log', async () => {
      const long = 'u'.repeat(4_000);
      const answer = await post(
        JSON.stringify(admissionReview(pod, { uid: `long-${long}`, name: long, operation: long })),
      );
      expect((await jsonOf(answer)).response.uid).to.equal(`long-${long}`);
      const line = await server.child.waitFor((line) => (line.includes('"uid":"long-') ? line : undefined));
      expect(line.length).to.be.lessThan(2000);
    });

    it('does not wait for ever for a body that it refuses anyway', async () => {
      const headers = { 'Content-Type': 'application/json', 'Content-Length': 1000 };
      const sent = request(`${server.url}/mutate`, { method: 'PUT', headers });
      sent.write('{');
      const [answer] = (await once(sent, 'response')) as [IncomingMessage];
      expect(answer.statusCode).to.equal(405);
      sent.destroy();
    });

    it('answers a chunked body over 7 MiB with 413', async () => {
      expect(await postChunked(`${server.url}/mutate`, 9 * 2 ** 20)).to.equal(413);
    });

    it('cuts off a body without end', async () => {
      expect(await postChunked(`${server.url}/mutate`, Number.POSITIVE_INFINITY)).to.be.oneOf([413, 'cut off']);
    });

    it('takes a body of just under 7 MiB', async () => {
      const padded = review + ' '.repeat(7 * 2 ** 20 - review.length);
      expect((await post(padded)).status).to.equal(200);
    });

    it('takes what is nested deeply and none of its business', async () => {
      const answer = await post(nested(900, 'another'));
      expect(answer.status).to.equal(200);
      expect((await jsonOf(answer)).response).to.include({ allowed: true, patchType: 'JSONPatch' });
    });

    it('keeps a connection longer than queue-proxy does', async () => {
      const answer = await post(review);
      expect(Number(/timeout=(\d+)/.exec(answer.headers.get('keep-alive') ?? '')?.[1])).to.be.greaterThan(90);
    });

    it('writes one line of JSON a review, with what the answer was', async () => {
      const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'app-1', uid: 'u', controller: true };
      const { name: _, ...metadata } = pod.metadata;
      const generated = { ...pod, metadata: { ...metadata, generateName: 'app-', ownerReferences: [owner] } };
      const request = { uid: 'one-line', name: '', namespace: 'team-a', dryRun: true };
      const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
      await post(JSON.stringify(admissionReview(generated, request)), { headers: { traceparent } });
      const { durationMs, ...record } = await recordOf('one-line');
      expect(server.child.lines.filter((line) => line.includes('one-line'))).to.have.length(1);
      expect(durationMs).to.be.a('number');
      expect(record).to.deep.equal({
        severity: 'INFO',
        message: 'injected',
        uid: 'one-line',
        namespace: 'team-a',
        pod: 'app-',
        owner: 'ReplicaSet/app-1',
        operation: 'CREATE',
        dryRun: true,
        decision: 'injected',
        injections: ['hello'],
        skipped: [],
        traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
        spanId: '00f067aa0ba902b7',
      });
    });

    it('says the same words of a skipped container in warning, log, audit annotation and Pod annotation', async () => {
      const volumeMounts = [{ name: 'app-config', mountPath: '/etc/config/' }];
      const taken = { ...pod, spec: { containers: [{ name: 'app', volumeMounts }] } };
      const { response } = await jsonOf(await post(JSON.stringify(admissionReview(taken, { uid: 'same-words' }))));
      const text = 'hello: container app: /etc/config is taken by volume app-config';
      expect(response.warnings).to.deep.equal([text]);
      expect(response.auditAnnotations.skipped).to.equal(text);
      expect(await recordOf('same-words')).to.deep.include({
        severity: 'WARNING',
        decision: 'skipped',
        skipped: [text],
      });
      const patch = JSON.parse(Buffer.from(response.patch, 'base64').toString());
      expect(patch).to.deep.equal([
        { op: 'add', path: '/metadata/annotations', value: { 'hello-webhook/skipped': text } },
      ]);
    });

    it('has never logged what is in a Pod, malformed bodies included', async () => {
      await post(`{"swordfish": ${review}`);
      expect(server.child.lines.length).to.be.greaterThan(20);
      expect(server.child.lines.join('\n')).not.to.contain('swordfish');
    });
  });
}

// biome-ignore lint/suspicious/noExplicitAny: the answers are what is under test.
async function jsonOf(answer: Response): Promise<any> {
  return answer.json();
}

/** Sends so many bytes without saying how many; the status of the answer, or that the connection was cut. */
function postChunked(url: string, bytes: number): Promise<number | 'cut off' | undefined> {
  return new Promise((resolve) => {
    const sent = request(url, { method: 'POST', headers: { 'Content-Type': 'application/json' } });
    sent.once('response', (answer) => resolve(answer.statusCode)).once('error', () => resolve('cut off'));
    const chunk = Buffer.alloc(2 ** 16, ' ');
    let left = bytes;
    const write = () => {
      while (left > 0 && !sent.destroyed) {
        left -= chunk.length;
        if (!sent.write(chunk)) return;
      }
      sent.end();
    };
    sent.on('drain', write);
    write();
  });
}

/** An AdmissionReview whose Pod has maps in maps in a volume's source. */
function nested(depth: number, volume: string): string {
  const nestedPod = {
    ...pod,
    spec: { ...pod.spec, volumes: [{ name: volume, configMap: { name: 'hello-configmap', deep: 'DEEP' } }] },
  };
  return JSON.stringify(admissionReview(nestedPod)).replace('"DEEP"', `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`);
}
