import diagnostics from 'node:diagnostics_channel';
import { type IncomingMessage, Server, type ServerResponse } from 'node:http';
import { Server as TcpServer } from 'node:net';
import { readBody } from '../http/body.ts';
import { type RequestWithBody, refusalOf, send } from '../http/handler.ts';
import { type Log, written } from '../http/log.ts';
import { logFor } from '../http/request-log.ts';

/**
 * Longer than Knative's queue-proxy keeps an idle connection, 90 s: closed by us first, it would send a review into
 * the closing connection and answer 502 (https://github.com/knative/serving/issues/12414).
 */
const keepAliveMs = 95_000;

/**
 * Makes the functions framework's server fit for the API server, as soon as it listens; whoever starts it, `start.ts`
 * or the framework's own command line. The framework has no way to reach its server before: it reads bodies up to
 * 1 GB, inflates them, and logs those that are not JSON.
 */
export function hostWhenListening(log: Log): void {
  const channel = 'tracing:net.server.listen:asyncStart';
  const onListen = (message: unknown) => {
    const { server } = message as { server: unknown };
    if (!(server instanceof Server)) return;
    diagnostics.unsubscribe(channel, onListen);
    host(server, log);
  };
  diagnostics.subscribe(channel, onListen);
}

/**
 * Puts us before the framework: what is refused never reaches it, and a body reaches it read and bounded (its own
 * parsers leave a body that is read alone), as `rawBody`.
 */
function host(server: Server, log: Log): void {
  server.keepAliveTimeout = keepAliveMs;
  // Both hold for a connection on which nothing has come yet, too; Node exchanges them where this order is another. A
  // body has a deadline of its own.
  server.headersTimeout = keepAliveMs + 1_000;
  server.requestTimeout = keepAliveMs + 2_000;
  const framework = server.listeners('request') as ((request: IncomingMessage, response: ServerResponse) => void)[];
  server.removeAllListeners('request');
  server.on('request', async (request: RequestWithBody, response) => {
    const logged = logFor(request, log);
    const read = await readBody(request, refusalOf(request));
    if (read === 'aborted') return logged('WARNING', 'the client went away', { decision: 'aborted' });
    if ('status' in read) {
      response.setHeader('Connection', 'close');
      return send(response, read, logged);
    }
    request.rawBody = read.body;
    for (const listener of framework) listener.call(server, request, response);
  });
}

/** How long connections without a request are kept once we are to end: whoever holds one may be sending just now. */
const lingerMs = 5_000;
/** How long requests under way are waited for: less than the 30 s that Knative gives. */
const drainMs = 25_000;

/**
 * Ends the process when it is told to, as Knative does once it routes elsewhere: the listener closes; what is under way
 * is answered, and what still comes on an open connection too, with `Connection: close`. The framework would answer 500.
 */
export function drainOnSignal(server: Server, log: Log): void {
  const underWay = new Set<ServerResponse>();
  let isDraining = false;
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
    TcpServer.prototype.close.call(server, () => written().then(exit));
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
