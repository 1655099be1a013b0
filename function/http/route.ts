import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { type Answer, refuse } from './answer.ts';
import type { TakeToken } from './caller-tokens.ts';

const healthPaths: ReadonlySet<string> = new Set(['/', '/health/liveness', '/health/readiness', '/healthz', '/readyz']);

/**
 * What a request is for, by its path, method and headers: a review, a health check, or nothing that is served. Reviews
 * go to /mutate/TOKEN; where no token is demanded, to /mutate and whatever is below it.
 */
export function routeOf(
  { method = '', url = '', headers }: IncomingMessage,
  takeToken: TakeToken,
): 'review' | 'health' | Answer {
  // The API server adds ?timeout=10s.
  const path = url.split('?', 1)[0] ?? '';
  const [, root, ...segments] = path.split('/');
  const isReview = root === 'mutate' && takeToken(segments) !== undefined;
  const methods = isReview ? ['POST'] : healthPaths.has(path) ? ['GET', 'HEAD'] : undefined;
  if (!methods)
    return refuse(404, "not found: AdmissionReviews go to /mutate, with the caller's token if there is one");
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
