import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Progress } from '../terminal/progress.ts';
import { temporaryDirectory } from '../terminal/temporary-directory.ts';
import archives from './envtest-archives.json' with { type: 'json' };

/** The sums by version and platform; those of newer versions are added from the file that is named there. */
const sums: Readonly<Record<string, Readonly<Record<string, string>>>> = archives.sha512;

/** Where envtest's archives are published; a mirror of it has the same paths. */
const published = 'https://github.com/kubernetes-sigs/controller-tools/releases/download';

/** No answer, or nothing more of it, for so long: the next way is faster. */
const stalledMs = 5_000;

/** The version to download where `wanted` is not published: that one if it is, else the newest, unless it must be `wanted`. */
export function publishedVersion(wanted: string, { isExact }: { isExact: boolean }): string | undefined {
  if (wanted in sums) return wanted;
  const [newest] = Object.keys(sums).sort((one, other) => other.localeCompare(one, 'en', { numeric: true }));
  return isExact ? undefined : newest;
}

/**
 * Downloads envtest's archive of a Kubernetes version, checks its sha512, and unpacks etcd, kube-apiserver and kubectl
 * into `directory`, which is there only once all is. Throws an Error that says in a line why it cannot be had.
 */
export async function downloadEnvtest(
  version: string,
  directory: string,
  { progress, cleanup, expected = sums }: Download,
): Promise<void> {
  const platform = `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;
  const sum = expected[version]?.[platform];
  if (!sum) throw new Error(`envtest has no archive of Kubernetes ${version} for ${platform}`);
  const base = process.env.ENVTEST_MIRROR || published;
  const url = `${base}/envtest-v${version}/envtest-v${version}-${platform}.tar.gz`;
  await mkdir(dirname(directory), { recursive: true });
  const work = temporaryDirectory(`${directory}.download-`, cleanup);
  const archive = join(work, 'envtest.tar.gz');
  const actual = await download(url, archive, progress);
  if (actual !== sum) throw new Error(`${url} has another sha512 than the one that is known: ${actual.slice(0, 16)}…`);
  // controller-tools/envtest/{etcd,kube-apiserver,kubectl}
  const unpacked = join(work, 'bin');
  await mkdir(unpacked);
  const tar = spawn('tar', ['-xzf', archive, '-C', unpacked, '--strip-components=2'], { stdio: 'ignore' });
  const [status] = await once(tar, 'close');
  if (status !== 0) throw new Error(`${url} cannot be unpacked by tar`);
  await rename(unpacked, directory);
}

interface Download {
  progress: Progress;
  cleanup: AsyncDisposableStack;
  expected?: typeof sums;
}

/** Downloads a URL into a file; the sha512 of what came. */
async function download(url: string, file: string, progress: Progress): Promise<string> {
  const stalled = new AbortController();
  const watch = () => setTimeout(() => stalled.abort(new Error('it stalled')), stalledMs);
  let timer = watch();
  try {
    const answer = await fetch(url, { signal: stalled.signal });
    if (!answer.ok || !answer.body) throw new Error(`HTTP ${answer.status}`);
    const hash = createHash('sha512');
    const size = Number(answer.headers.get('content-length'));
    let bytes = 0;
    await pipeline(
      answer.body,
      async function* (chunks: AsyncIterable<Uint8Array>) {
        for await (const chunk of chunks) {
          clearTimeout(timer);
          timer = watch();
          hash.update(chunk);
          bytes += chunk.length;
          progress(`downloading: ${megabytes(bytes)}${size > 0 ? ` of ${megabytes(size)}` : ''} MB`);
          yield chunk;
        }
      },
      createWriteStream(file),
      { signal: stalled.signal },
    );
    return hash.digest('hex');
  } catch (error) {
    throw new Error(`${url} cannot be downloaded: ${reasonOf(error, stalled.signal)}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}

function reasonOf(error: unknown, stalled: AbortSignal): string {
  if (stalled.aborted) return `nothing came for ${stalledMs / 1000} s`;
  const { message, cause } = error as Error;
  return (cause as { code?: string } | undefined)?.code ?? message;
}
