import type { Server, ServerResponse } from 'node:http';
import { Server as TcpServer } from 'node:net';
import { type Log, written } from '../http/log.ts';

/** How long connections without a request are kept once we are to end: whoever holds one may be sending just now. */
const lingerMs = 5_000;
/** How long connections are taken: whoever opens one just now would see it reset. */
const acceptMs = 1_000;
/** How long requests under way are waited for: less than the 30 s that Knative gives. */
const drainMs = 25_000;

/**
 * Ends the process on SIGTERM or SIGINT, as Knative does once it routes elsewhere: what is under way is
 * answered, and what still comes, with `Connection: close`; the listener closes a moment later. What `flush` has to
 * push comes last.
 */
export function drainOnSignal(server: Server, log: Log, flush: () => Promise<void> = async () => {}): void {
  const underWay = new Set<ServerResponse>();
  let isDraining = false;
  // Before the handler, which may answer at once.
  server.prependListener('request', (_request, response: ServerResponse) => {
    underWay.add(response.once('close', () => underWay.delete(response)));
    if (isDraining) closeAfter(response);
  });
  const exit = () => process.exit(0);
  const drain = (signal: NodeJS.Signals) => {
    if (isDraining) return;
    isDraining = true;
    for (const response of underWay) closeAfter(response);
    // http.Server's own close would close idle connections at once.
    setTimeout(() => TcpServer.prototype.close.call(server, () => flush().then(written).then(exit)), acceptMs);
    setTimeout(() => server.closeIdleConnections(), lingerMs);
    setTimeout(() => server.closeAllConnections(), drainMs);
    // Whoever reads the log may be stuck.
    setTimeout(exit, drainMs + 2_000);
    log('INFO', `${signal}: draining`);
  };
  process.on('SIGTERM', drain).on('SIGINT', drain);
}

function closeAfter(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('Connection', 'close');
}
