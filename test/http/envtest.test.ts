import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { downloadEnvtest, newestPublished } from '../../scripts/local/envtest.ts';
import archives from '../../scripts/local/envtest-archives.json' with { type: 'json' };
import { freePorts } from '../../scripts/local/free-ports.ts';
import { temporaryDirectory } from '../../scripts/terminal/temporary-directory.ts';
import { listen } from '../support/listen.ts';

const platform = `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;

/** An archive with the folders of envtest's. */
function archiveIn(directory: string): Buffer {
  const programs = join(directory, 'controller-tools/envtest');
  mkdirSync(programs, { recursive: true });
  for (const name of ['etcd', 'kube-apiserver', 'kubectl'])
    writeFileSync(join(programs, name), `#!/bin/sh\n# ${name}\n`, { mode: 0o755 });
  const file = join(directory, 'archive.tar.gz');
  execFileSync('tar', ['-czf', file, '-C', directory, 'controller-tools']);
  return readFileSync(file);
}

describe("the download of envtest's archive", () => {
  const cleanup = new AsyncDisposableStack();
  const directory = temporaryDirectory(join(tmpdir(), 'hello-webhook-test-'), cleanup);
  const archive = archiveIn(directory);
  const sha512 = createHash('sha512').update(archive).digest('hex');
  after(() => cleanup.disposeAsync());

  /** Downloads version 1.2.3 into `cache`/kubernetes-1.2.3 from `mirror`. */
  async function downloadFrom(mirror: string, cache: string, sum = sha512): Promise<void> {
    await using download = new AsyncDisposableStack();
    process.env.ENVTEST_MIRROR = mirror;
    download.defer(() => {
      delete process.env.ENVTEST_MIRROR;
    });
    await downloadEnvtest('1.2.3', join(cache, 'kubernetes-1.2.3'), {
      progress: () => {},
      cleanup: download,
      expected: { '1.2.3': { [platform]: sum } },
      patienceMs: 1_000,
    });
  }

  async function startMirror(
    answer: (response: ServerResponse, url: string) => void,
    stack: AsyncDisposableStack,
  ): Promise<string> {
    const mirror = createServer((request, response) => answer(response, request.url ?? ''));
    return `http://127.0.0.1:${await listen(mirror, stack)}/mirror`;
  }

  const makeCache = () => temporaryDirectory(join(directory, 'cache-'), cleanup);

  /** Why a download from a server that answers so is refused; nothing is left of it. */
  async function failureOf(answer: (response: ServerResponse) => void, sum?: string): Promise<string> {
    await using stack = new AsyncDisposableStack();
    return await failureAt(await startMirror(answer, stack), sum);
  }

  async function failureAt(mirror: string, sum?: string): Promise<string> {
    const cache = makeCache();
    const message = await downloadFrom(mirror, cache, sum).then(
      () => 'none',
      ({ message }: Error) => message,
    );
    expect(readdirSync(cache), message).to.deep.equal([]);
    return message;
  }

  it('unpacks the right one, from the paths of a mirror', async () => {
    await using stack = new AsyncDisposableStack();
    const urls: string[] = [];
    const mirror = await startMirror((response, url) => {
      urls.push(url);
      response.end(archive);
    }, stack);
    const cache = makeCache();
    await downloadFrom(mirror, cache);
    expect(urls).to.deep.equal([`/mirror/envtest-v1.2.3/envtest-v1.2.3-${platform}.tar.gz`]);
    expect(readdirSync(cache)).to.deep.equal(['kubernetes-1.2.3']);
    const programs = join(cache, 'kubernetes-1.2.3');
    expect(readdirSync(programs).sort()).to.deep.equal(['etcd', 'kube-apiserver', 'kubectl']);
    expect(statSync(join(programs, 'etcd')).mode & 0o777).to.equal(0o755);
  });

  it('takes what another download has put there meanwhile', async () => {
    await using stack = new AsyncDisposableStack();
    const mirror = await startMirror((response) => setTimeout(() => response.end(archive), 50), stack);
    const cache = makeCache();
    await Promise.all([downloadFrom(mirror, cache), downloadFrom(mirror, cache)]);
    expect(readdirSync(cache)).to.deep.equal(['kubernetes-1.2.3']);
  });

  it('unpacks nothing whose sha512 is another', async () => {
    const expected = '0'.repeat(128);
    const message = await failureOf((response) => response.end(archive), expected);
    expect(message).to.contain(`its sha512 is ${sha512.slice(0, 16)}… instead of 0000000000000000…`);
  });

  it('fails where it is no archive', async () => {
    const text = Buffer.from('<html>Sign in</html>');
    const sum = createHash('sha512').update(text).digest('hex');
    expect(await failureOf((response) => response.end(text), sum)).to.match(/cannot be unpacked: tar: \d/);
  });

  it('fails where it is cut off', async () => {
    const cutOff = (response: ServerResponse) => {
      response.writeHead(200, { 'Content-Length': archive.length });
      response.write(archive.subarray(0, 10), () => response.destroy());
    };
    expect(await failureOf(cutOff)).to.match(/cannot be downloaded: \S/);
  });

  it('fails where it stalls', async () => {
    const stall = (response: ServerResponse) => response.write(archive.subarray(0, 10));
    expect(await failureOf(stall)).to.contain('less than 200 KB more within 1 s');
  });

  it('fails where it comes byte by byte', async () => {
    const drip = (response: ServerResponse) => {
      const timer = setInterval(() => response.write('.'), 10);
      response.once('close', () => clearInterval(timer));
    };
    expect(await failureOf(drip)).to.contain('less than 200 KB more within 1 s');
  });

  it('fails where nobody answers', async () => {
    expect(await failureOf(() => {})).to.contain('no answer within 1 s');
  });

  it('fails where nobody listens', async () => {
    const [closed] = await freePorts(1);
    expect(await failureAt(`http://127.0.0.1:${closed}`)).to.contain('cannot be downloaded: ECONNREFUSED');
  });

  it('fails where there is none', async () => {
    expect(await failureOf((response) => response.writeHead(404).end())).to.contain('HTTP 404');
  });
});

describe('the version that is downloaded', () => {
  it('is the newest that is published, unless one is asked for', () => {
    expect(newestPublished(undefined)).to.equal('1.36.2');
    expect(newestPublished('1.37.2')).to.equal(undefined);
    expect(newestPublished('1.34.1')).to.equal('1.34.1');
  });

  it('has a sum for each platform', () => {
    const platforms = ['linux-amd64', 'linux-arm64', 'darwin-amd64', 'darwin-arm64'];
    for (const [version, sums] of Object.entries(archives.sha512)) {
      expect(Object.keys(sums), version).to.deep.equal(platforms);
      for (const sum of Object.values(sums)) expect(sum).to.match(/^[0-9a-f]{128}$/);
    }
    const all = Object.values(archives.sha512).flatMap((sums) => Object.values(sums));
    expect(new Set(all).size).to.equal(all.length);
  });
});
