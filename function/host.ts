import diagnostics from 'node:diagnostics_channel';
import { type IncomingMessage, Server, type ServerResponse } from 'node:http';
import { Server as TcpServer } from 'node:net';
import { type Answer, maxBodyBytes, type RequestWithBody, refusalOf, send, tooLarge } from './handler.ts';
import type { Log } from './log.ts';
import { logFor } from './request-log.ts';

/**
 * Longer than Knative's queue-proxy keeps an idle connection, 90 s: closed by us first, it would send a review into
 * the closing connection and answer 502 (https://github.com/knative/serving/issues/12414).
 */
const keepAliveMs = 95_000;

/** The API server waits 30 s at most; a body that takes longer is cut off. */
const requestMs = 30_000;

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
  server.headersTimeout = keepAliveMs + 1_000;
  server.requestTimeout = requestMs;
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

/** How much of a refused body is read and dropped, and how long, so that its sender comes to read the answer. */
const maxDropped = { bytes: 4 * maxBodyBytes, ms: 2_000 };

/** A request's body, or why it is refused: by then the rest has been read too, unless it is far too much or too slow. */
function readBody(
  request: IncomingMessage,
  refusal: Answer | undefined,
): Promise<{ body: Buffer } | Answer | 'aborted'> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let refused = refusal;
    let dropping: NodeJS.Timeout | undefined;
    const finish = () => {
      clearTimeout(dropping);
      request.removeListener('data', read);
      resolve(refused ?? { body: Buffer.concat(chunks) });
    };
    const refuse = (answer: Answer) => {
      refused = answer;
      chunks.length = 0;
      dropping ??= setTimeout(finish, maxDropped.ms);
    };
    const read = (chunk: Buffer) => {
      bytes += chunk.length;
      if (!refused && bytes > maxBodyBytes) refuse(tooLarge);
      if (!refused) chunks.push(chunk);
      if (bytes > maxDropped.bytes) finish();
    };
    if (refused) refuse(refused);
    request
      .on('data', read)
      .once('end', finish)
      .once('close', () => {
        clearTimeout(dropping);
        resolve('aborted');
      });
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
  const drain = (signal: NodeJS.Signals) => {
    isDraining = true;
    for (const response of underWay) closeAfter(response);
    // http.Server's own close would close idle connections at once.
    TcpServer.prototype.close.call(server, () => process.exit(0));
    setTimeout(() => server.closeIdleConnections(), lingerMs);
    setTimeout(() => server.closeAllConnections(), drainMs);
    log('INFO', `${signal}: draining`);
  };
  process.once('SIGTERM', drain).once('SIGINT', drain);
}

function closeAfter(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('Connection', 'close');
}
