import { createServer, type Server } from 'node:http';
import type { Handler } from '../http/handler.ts';

/**
 * Longer than Knative's queue-proxy keeps an idle connection, 90 s: closed by us first, it would send a review into
 * the closing connection and answer 502 (https://github.com/knative/serving/issues/12414).
 */
const keepAliveTimeout = 95_000;

/** In ms. The last two hold for a connection on which nothing has come yet, too; a body has a deadline of its own. */
export const timeouts = {
  keepAliveTimeout,
  headersTimeout: keepAliveTimeout + 1_000,
  // Node swaps the two if headersTimeout > requestTimeout.
  requestTimeout: keepAliveTimeout + 2_000,
};

/** Knative's queue-proxy has some dozens open; a connection takes up to 30 KB. */
export const maxConnections = 1_000;

/** The function's server, not listening yet. */
export function serverOf(handler: Handler): Server {
  return Object.assign(createServer(timeouts, handler), { maxConnections });
}
