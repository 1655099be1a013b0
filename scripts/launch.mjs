#!/usr/bin/env node
/**
 * What npm links as `hello-webhook`: the bundled program in an installed package; in a checkout (`npx .`) its source, once
 * the dependencies are installed, by the Node that came with them. So this file is for any Node that npm runs on.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const source = join(root, 'scripts/hello-webhook.ts');
if (existsSync(source)) process.exit(await runSource());
await import('../dist/program/hello-webhook.mjs');

/** The exit status, which is 128 and the signal's number where a signal ended it. */
async function runSource() {
  const { status } = spawnSync('sh', ['scripts/build/setup.sh'], { cwd: root, stdio: 'inherit' });
  if (status !== 0) return status ?? 1;
  const child = spawn(join(root, 'node_modules/.bin/node'), [source, ...process.argv.slice(2)], { stdio: 'inherit' });
  // The program cleans up, and then ends with a status of its own.
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  const [code, signal] = await once(child, 'exit');
  return code ?? 128 + constants.signals[signal];
}
