import { getTestServer } from '@google-cloud/functions-framework/testing';
import { drainOnSignal } from './host.ts';
import { log } from './log.ts';

/**
 * Serves the function on PORT. The framework's command line would do so too, but costs a cold start more than the
 * function itself, and ends on SIGTERM with requests under way: `getTestServer` is its server without the command line.
 */
async function start(): Promise<void> {
  // The framework shows an error's text to the caller otherwise.
  process.env.NODE_ENV ??= 'production';
  await import('./index.ts');
  const server = getTestServer('mutate');
  server.on('error', fail);
  server.listen(Number(process.env.PORT || 8080), () => {
    const address = server.address();
    log('INFO', 'listening', { port: typeof address === 'object' ? address?.port : address });
  });
  drainOnSignal(server, log);
}

function fail(error: Error): never {
  console.error(error.name === 'ConfigurationError' ? error.message : error);
  process.exit(1);
}

start().catch(fail);
