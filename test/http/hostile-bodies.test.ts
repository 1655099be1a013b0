import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { type ClientRequest, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { hostileBodies, podWith } from '../../scripts/bench/hostile-bodies.ts';
import { bundleFunction } from '../../scripts/build/bundle-function.ts';
import { admissionReview } from '../../scripts/local/admission-review.ts';
import { type Child, startChild } from '../../scripts/local/child.ts';
import { freePorts } from '../../scripts/local/free-ports.ts';
import { temporaryDirectory } from '../../scripts/terminal/temporary-directory.ts';
import { limitedCgroup, memoryLimit, peakMemory } from '../support/memory-limit.ts';

const MiB = 2 ** 20;
const headers = { 'Content-Type': 'application/json' };
const usual = JSON.stringify(admissionReview(podWith({})));

describe('the bundle, in the memory that the manifest gives it', () => {
  const cleanup = new AsyncDisposableStack();
  let child: Child;
  let port: number;

  before(async function () {
    this.timeout(60_000);
    const directory = temporaryDirectory(join(tmpdir(), 'hello-webhook-test-'), cleanup);
    await bundleFunction(directory);
    await promisify(execFile)(process.execPath, [join(directory, 'make-code-cache.cjs')], { cwd: directory, env: {} });
    [port = 0] = await freePorts(1);
    const cgroup = limitedCgroup(cleanup);
    const enter = cgroup ? `echo $$ > ${cgroup}/cgroup.procs; ` : '';
    const env = { PATH: process.env.PATH, NODE_ENV: 'production', PORT: String(port) };
    const script = `${enter}exec "$0" "$1"`;
    child = startChild('sh', ['-c', script, process.execPath, join(directory, 'start.cjs')], { cleanup, env });
    await child.waitFor((line) => line.includes('"listening"') || undefined);
  });
  after(() => cleanup.disposeAsync());
  afterEach('it serves on, within its memory', async () => {
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).to.equal(200);
    expect(peakMemory(child.pid ?? 0)).to.be.lessThan(memoryLimit);
  });

  const post = (body: string) => fetch(`http://127.0.0.1:${port}/mutate`, { method: 'POST', headers, body });
  const large = usual + ' '.repeat(7 * MiB - usual.length);
  const expectReview = async () => {
    const answer = await post(usual);
    const { response } = (await answer.json()) as { response?: { patchType?: string } };
    expect([answer.status, response?.patchType]).to.deep.equal([200, 'JSONPatch']);
  };
  const open = (bytes: number): ClientRequest =>
    request({ port, path: '/mutate', method: 'POST', headers: { ...headers, 'Content-Length': bytes } }).on(
      'error',
      () => {},
    );

  for (const [title, bodyOf, status] of hostileBodies) {
    it(`answers ${title} with ${status}, and the review beside it`, async () => {
      const body = bodyOf();
      const [hostile] = await Promise.all([post(body), expectReview()]);
      expect(hostile.status, await hostile.text()).to.equal(status);
    });
  }

  it('answers a flood of large bodies, with 200 or 503 and Retry-After, and serves on', async () => {
    const outcomeOf = ({ status, headers }: Response) => `${status} ${headers.get('retry-after') ?? ''}`.trim();
    const outcomes = await Promise.all(Array.from({ length: 40 }, () => post(large).then(outcomeOf, () => 'cut off')));
    expect(outcomes).to.include('200');
    expect(outcomes.filter((each) => !['200', '503 1', 'cut off'].includes(each))).to.deep.equal([]);
    await untilAnswered(post);
    await expectReview();
  });

  it('answers a review while 36 bodies are held open just before their end', async () => {
    const held = Array.from({ length: 36 }, () => open(7 * MiB));
    for (const each of held) each.write(Buffer.alloc(7 * MiB - 1, ' '));
    await untilAnswered(post);
    await expectReview();
    for (const each of held) each.destroy();
    // Their room is free again.
    await untilAnswered(() => post(large));
  });

  it('answers a body of chunks of one byte', async () => {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(
      'POST /mutate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    const answered = once(socket, 'data');
    for (let batch = 0; batch < 3; batch++) await written(socket, '1\r\n \r\n'.repeat(100_000));
    await written(socket, '0\r\n\r\n');
    await expectReview();
    expect(String((await answered)[0])).to.match(/^HTTP\/1\.1 400 /);
    socket.destroy();
  });

  it('answers a review while 60 clients never read their answers, as large and as many as can be', async () => {
    const containers = Array.from({ length: 1_000 }, () => ({ name: 'a' }));
    const body = JSON.stringify(admissionReview(podWith({ containers })));
    const head = `POST /mutate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
    const sockets = Array.from({ length: 60 }, () =>
      connect(port, '127.0.0.1')
        .pause()
        .on('error', () => {}),
    );
    for (const socket of sockets) socket.write((head + body).repeat(12));
    await untilAnswered(post);
    await expectReview();
    for (const socket of sockets) socket.destroy();
  });
});

/** Waits until the function has room for a review again: whoever is slow is cut off where room is short. */
async function untilAnswered(post: (body: string) => Promise<Response>): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if ((await post(usual)).status === 200) return;
    await delay(50);
  }
  throw new Error('no review was answered with 200');
}

function written(socket: Socket, text: string): Promise<void> {
  return new Promise((resolve) => socket.write(text, () => resolve()));
}
