import { once } from 'node:events';
import type { Server } from 'node:http';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import { log } from './http/log.ts';
import { drainOnSignal } from './runtime/host.ts';

/**
 * Serves the function on PORT. The framework's command line would do so too, but costs a cold start more than the
 * function itself, and ends on SIGTERM with requests under way: `getTestServer` is its server without the command line.
 */
async function start(): Promise<Server> {
  // The framework shows an error's text to the caller otherwise.
  process.env.NODE_ENV ??= 'production';
  const { mutate } = await import('./index.ts');
  const server = getTestServer('mutate');
  // Ahead of the framework's Express: its body parsers and middleware take longer than a review, and have nothing to do.
  server.removeAllListeners('request').on('request', mutate);
  server.listen(Number(process.env.PORT || 8080));
  drainOnSignal(server, log);
  await once(server, 'listening');
  const address = server.address();
  log('INFO', 'listening', { port: typeof address === 'object' ? address?.port : address });
  return server;
}

function fail(error: Error): never {
  console.error(error.name === 'ConfigurationError' ? error.message : error);
  process.exit(1);
}

/** The server, once it listens. */
export const served = start().catch(fail);
