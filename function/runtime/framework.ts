import diagnostics from 'node:diagnostics_channel';
import { Server } from 'node:http';
import type { Handler } from '../http/handler.ts';
import { maxConnections, timeouts } from './server.ts';

/**
 * Puts the handler in the place of the functions framework's own Express, as soon as the framework's command line
 * listens: Express would read bodies up to 1 GB, inflate them, and log those that are not JSON. The framework gives no
 * access to its server before; Node reports each that listens.
 */
export function serveInFramework(handler: Handler): void {
  const channel = 'tracing:net.server.listen:asyncStart';
  const onListen = (message: unknown) => {
    const { server } = message as { server: unknown };
    if (!(server instanceof Server)) return;
    diagnostics.unsubscribe(channel, onListen);
    Object.assign(server, timeouts, { maxConnections });
    server.removeAllListeners('request').on('request', handler);
  };
  diagnostics.subscribe(channel, onListen);
}
