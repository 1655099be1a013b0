import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { EnvHttpProxyAgent, fetch } from 'undici';
import type { Progress } from '../terminal/progress.ts';
import { temporaryDirectory } from '../terminal/temporary-directory.ts';
import archives from './envtest-archives.json' with { type: 'json' };

/** The sums by version and platform; those of newer versions are added from the file that is named there. */
const sums: Readonly<Record<string, Readonly<Record<string, string>>>> = archives.sha512;

/** Where envtest's archives are published; a mirror of it has the same paths. */
const published = 'https://github.com/kubernetes-sigs/controller-tools/releases/download';

/** The version of Kubernetes that is downloaded: the one that is asked for, where it is published; the newest, where none is. */
export function newestPublished(asked: string | undefined): string | undefined {
  if (asked !== undefined) return asked in sums ? asked : undefined;
  return Object.keys(sums).sort((one, other) => other.localeCompare(one, 'en', { numeric: true }))[0];
}

/**
 * Downloads envtest's archive of a Kubernetes version, checks its sha512, and unpacks etcd, kube-apiserver and kubectl
 * into `directory`, which is there only once all is. Throws an Error that says in a line why it cannot be had.
 */
export async function downloadEnvtest(version: string, directory: string, options: Download): Promise<void> {
  const { progress, cleanup, expected = sums, patienceMs = 5_000 } = options;
  const platform = `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;
  const sum = expected[version]?.[platform];
  if (!sum) throw new Error(`envtest has no archive of Kubernetes ${version} for ${platform}`);
  const url = `${process.env.ENVTEST_MIRROR || published}/envtest-v${version}/envtest-v${version}-${platform}.tar.gz`;
  await mkdir(dirname(directory), { recursive: true });
  const work = temporaryDirectory(`${directory}.download-`, cleanup);
  const archive = join(work, 'envtest.tar.gz');
  const actual = await download(url, archive, { progress, patienceMs });
  if (actual !== sum)
    throw new Error(`${url} is not used: its sha512 is ${actual.slice(0, 16)}… instead of ${sum.slice(0, 16)}…`);
  // controller-tools/envtest/{etcd,kube-apiserver,kubectl}
  const unpacked = join(work, 'bin');
  await mkdir(unpacked);
  const tar = spawn('tar', ['-xzf', archive, '-C', unpacked, '--strip-components=2'], { stdio: 'ignore' });
  const [status] = await once(tar, 'close').catch(({ message }) => [message]);
  if (status !== 0) throw new Error(`${url} cannot be unpacked: tar: ${status}`);
  await rename(unpacked, directory).catch((error) => {
    // Another download was faster.
    if (!existsSync(directory)) throw error;
  });
}

interface Download {
  progress: Progress;
  cleanup: AsyncDisposableStack;
  expected?: typeof sums;
  /** How long to wait for an answer, and then for each next 200 KB of it: a build is faster than what is slower. */
  patienceMs?: number;
}

const leastBytes = 200_000;

/** Downloads a URL into a file, through the proxy of the environment if it has one; the sha512 of what came. */
async function download(
  url: string,
  file: string,
  { progress, patienceMs }: { progress: Progress; patienceMs: number },
): Promise<string> {
  const proxy = new EnvHttpProxyAgent();
  const slow = new AbortController();
  const { signal } = slow;
  let missing = 'no answer';
  const timer = setTimeout(() => slow.abort(new Error(`${missing} within ${patienceMs / 1000} s`)), patienceMs);
  try {
    const answer = await fetch(url, { signal, dispatcher: proxy });
    if (!answer.ok || !answer.body) throw new Error(`HTTP ${answer.status}`);
    timer.refresh();
    missing = `less than ${leastBytes / 1000} KB more`;
    const hash = createHash('sha512');
    const size = Number(answer.headers.get('content-length'));
    let bytes = 0;
    let awaited = leastBytes;
    await pipeline(
      answer.body,
      async function* (chunks: AsyncIterable<Uint8Array>) {
        for await (const chunk of chunks) {
          hash.update(chunk);
          bytes += chunk.length;
          if (bytes >= awaited) {
            timer.refresh();
            awaited = bytes + leastBytes;
          }
          progress(`downloading ${url}: ${megabytes(bytes)}${size > 0 ? ` of ${megabytes(size)}` : ''} MB`);
          yield chunk;
        }
      },
      createWriteStream(file),
      { signal },
    );
    return hash.digest('hex');
  } catch (error) {
    const reason = reasonOf(signal.aborted ? signal.reason : error);
    throw new Error(`${url} cannot be downloaded: ${reason}`, { cause: error });
  } finally {
    clearTimeout(timer);
    await proxy.destroy();
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error & { cause?: { code?: string; message?: string } };
  return cause?.code ?? cause?.message ?? message;
}
