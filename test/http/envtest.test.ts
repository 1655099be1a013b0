import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { downloadEnvtest, publishedVersion } from '../../scripts/local/envtest.ts';
import { temporaryDirectory } from '../../scripts/terminal/temporary-directory.ts';

const platform = `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;

/** An archive with the folders of envtest's. */
function archiveIn(directory: string): Buffer {
  const programs = join(directory, 'controller-tools/envtest');
  mkdirSync(programs, { recursive: true });
  for (const name of ['etcd', 'kube-apiserver', 'kubectl'])
    writeFileSync(join(programs, name), `#!/bin/sh\n# ${name}\n`);
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

  /** Downloads version 1.2.3 from a server that answers so; the directory it is to be in. */
  async function downloadFrom(answer: (response: ServerResponse, url: string) => void, sum = sha512): Promise<string> {
    await using server = new AsyncDisposableStack();
    const mirror = createServer((request, response) => answer(response, request.url ?? ''));
    await once(mirror.listen(0, '127.0.0.1'), 'listening');
    server.defer(() => {
      mirror.close();
      mirror.closeAllConnections();
    });
    process.env.ENVTEST_MIRROR = `http://127.0.0.1:${(mirror.address() as AddressInfo).port}/mirror`;
    server.defer(() => {
      delete process.env.ENVTEST_MIRROR;
    });
    const into = join(temporaryDirectory(join(directory, 'cache-'), cleanup), 'kubernetes-1.2.3');
    const expected = { '1.2.3': { [platform]: sum } };
    await downloadEnvtest('1.2.3', into, { progress: () => {}, cleanup: server, expected });
    return into;
  }

  async function failureOf(answer: (response: ServerResponse, url: string) => void, sum?: string): Promise<string> {
    return downloadFrom(answer, sum).then(
      () => 'none',
      ({ message }: Error) => message,
    );
  }

  it('unpacks the right one, from the paths of a mirror', async () => {
    const urls: string[] = [];
    const into = await downloadFrom((response, url) => {
      urls.push(url);
      response.end(archive);
    });
    expect(urls).to.deep.equal([`/mirror/envtest-v1.2.3/envtest-v1.2.3-${platform}.tar.gz`]);
    expect(readdirSync(into).sort()).to.deep.equal(['etcd', 'kube-apiserver', 'kubectl']);
  });

  it('unpacks nothing whose sum is another', async () => {
    const before = readdirSync(directory);
    expect(await failureOf((response) => response.end(archive), '0'.repeat(128))).to.contain('has another sha512');
    const cache = readdirSync(directory).find((name) => !before.includes(name)) ?? '';
    expect(existsSync(join(directory, cache, 'kubernetes-1.2.3'))).to.equal(false);
  });

  it('fails where it is cut off', async () => {
    const cutOff = (response: ServerResponse) => {
      response.writeHead(200, { 'Content-Length': archive.length });
      response.write(archive.subarray(0, 10), () => response.destroy());
    };
    expect(await failureOf(cutOff)).to.match(/cannot be downloaded/);
  });

  it('fails where it stalls', async function () {
    this.timeout(20_000);
    expect(await failureOf((response) => response.write(archive.subarray(0, 10)))).to.contain('nothing came for 5 s');
  });

  it('fails where nobody answers', async function () {
    this.timeout(20_000);
    expect(await failureOf(() => {})).to.contain('nothing came for 5 s');
  });

  it('fails where there is none', async () => {
    expect(await failureOf((response) => response.writeHead(404).end())).to.contain('HTTP 404');
  });

  it('takes the newest that is published, unless a version is asked for', () => {
    expect(publishedVersion('1.37.2', { isExact: false })).to.equal('1.36.2');
    expect(publishedVersion('1.37.2', { isExact: true })).to.equal(undefined);
    expect(publishedVersion('1.34.0', { isExact: true })).to.equal('1.34.0');
  });
});
