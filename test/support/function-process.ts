import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { bundleFunction } from '../../scripts/build/bundle-function.ts';
import { type Child, startChild } from '../../scripts/local/child.ts';
import { freePorts } from '../../scripts/local/free-ports.ts';
import { temporaryDirectory } from '../../scripts/terminal/temporary-directory.ts';

export const prefix = join(tmpdir(), 'hello-webhook-test-');
export const root = join(import.meta.dirname, '..', '..');
const framework = join(root, 'node_modules/@google-cloud/functions-framework/build/src/main.js');

export interface Server {
  child: Child;
  url: string;
}

/** The ways the function is started; all must answer alike. */
export const ways: [title: string, start: (cleanup: AsyncDisposableStack) => Promise<Server>][] = [
  ['from source', (cleanup) => start(cleanup, [join(root, 'function/start.ts')])],
  ['as the bundle alone in a directory', (cleanup) => startBundle(cleanup, bundleIn)],
  ['as the bundle with its code cache', (cleanup) => startBundle(cleanup, bundleWithCodeCache)],
  ["by the functions framework's command line", (cleanup) => start(cleanup, [framework, '--target=mutate'])],
];

/** A Pod that the default injection is for, and that says something nobody is to see. */
export const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'app', labels: { hello: 'true' } },
  spec: { containers: [{ name: 'app', image: 'app:1', env: [{ name: 'PASSWORD', value: 'swordfish' }] }] },
};

export async function start(
  cleanup: AsyncDisposableStack,
  args: string[],
  cwd = root,
  more: NodeJS.ProcessEnv = {},
): Promise<Server> {
  const [port] = await freePorts(1);
  const env = { PATH: process.env.PATH, NODE_ENV: 'production', PORT: String(port), ...more };
  const child = startChild(process.execPath, args, { cleanup, cwd, env });
  const url = `http://127.0.0.1:${port}`;
  const ended = new AbortController();
  child.failure.catch(() => ended.abort());
  await Promise.race([untilHealthy(url, ended.signal), child.failure]);
  return { child, url };
}

async function startBundle(
  cleanup: AsyncDisposableStack,
  make: (directory: string) => Promise<string>,
): Promise<Server> {
  const directory = temporaryDirectory(prefix, cleanup);
  return start(cleanup, [await make(directory)], directory);
}

export async function bundleIn(directory: string): Promise<string> {
  await bundleFunction(directory);
  // Alone: what only `ensure` and telemetry need is not there.
  for (const name of ['config-maps.cjs', 'otlp.cjs']) await rm(join(directory, name));
  return join(directory, 'start.cjs');
}

/** As the image has it: the command is run with nothing but Node and the directory. */
export async function bundleWithCodeCache(directory: string): Promise<string> {
  const entry = await bundleIn(directory);
  await promisify(execFile)(process.execPath, [join(directory, 'make-code-cache.cjs')], { cwd: directory, env: {} });
  return entry;
}

/** Asks until the function answers that it is healthy, or the signal says that it never will: then it rejects. */
export async function untilHealthy(url: string, signal?: AbortSignal): Promise<void> {
  const isHealthy = () =>
    fetch(`${url}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await isHealthy())) await delay(20, undefined, { signal });
}
