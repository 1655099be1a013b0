import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { type Answer, refuse } from './answer.ts';

const healthPaths: ReadonlySet<string> = new Set(['/', '/health/liveness', '/health/readiness', '/healthz', '/readyz']);

/** What a request is for, by its path, method and headers: a review, a health check, or nothing that is served. */
export function routeOf({ method = '', url = '', headers }: IncomingMessage): 'review' | 'health' | Answer {
  // The API server adds ?timeout=10s.
  const path = url.split('?', 1)[0] ?? '';
  const methods = path === '/mutate' ? ['POST'] : healthPaths.has(path) ? ['GET', 'HEAD'] : undefined;
  if (!methods) return refuse(404, 'not found: AdmissionReviews go to /mutate');
  const allow = methods.join(', ');
  if (!methods.includes(method)) return refuse(405, `the method must be ${allow}`, { headers: { Allow: allow } });
  return method === 'POST' ? (unsupportedBody(headers) ?? 'review') : 'health';
}

function unsupportedBody(headers: IncomingHttpHeaders): Answer | undefined {
  if (!/^application\/json *(;|$)/i.test(headers['content-type'] ?? '')) {
    return refuse(415, 'the content-type must be application/json');
  }
  // Inflated, 200 KB can be 200 MB; the API server never compresses a review.
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') {
    return refuse(415, 'the body must not be compressed', { headers: { 'Accept-Encoding': 'identity' } });
  }
  return undefined;
}
