import { once } from 'node:events';
import type { Server } from 'node:http';
import { log } from './http/log.ts';
import { drainOnSignal } from './runtime/drain.ts';
import { createMutate } from './runtime/function.ts';
import { serverOf } from './runtime/server.ts';

/**
 * Serves the function on PORT: what the image starts. The functions framework's command line would do so too, but costs
 * a cold start more than the function itself, and ends on SIGTERM with requests under way.
 */
async function start(): Promise<Server> {
  // Node's own handler would open the inspector to whoever can connect to it.
  process.on('SIGUSR1', () => {});
  const port = portOf(process.env.PORT || '8080');
  const { mutate, telemetry } = await createMutate();
  const server = serverOf(mutate);
  drainOnSignal(server, log, telemetry?.flush);
  await once(server.listen(port), 'listening');
  const address = server.address();
  log('INFO', 'listening', { port: typeof address === 'object' ? address?.port : address });
  return server;
}

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw Object.assign(new Error(`PORT must be a number up to 65535, not ${text}`), { name: 'ConfigurationError' });
}

function fail(error: NodeJS.ErrnoException): never {
  const isForPeople = error.name === 'ConfigurationError' || error.syscall === 'listen';
  console.error(isForPeople ? error.message : error);
  process.exit(1);
}

async function run(): Promise<Server | undefined> {
  if (process.argv[2] !== 'sync') return start();
  const { sync } = await import('./runtime/sync.ts');
  await sync();
  return undefined;
}

/** The server, once it listens; none with the argument `sync`, which the CronJob of manifests/components/sync gives. */
export const serving = run().catch(fail);
