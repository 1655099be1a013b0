import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { type Answer, refuse } from './answer.ts';
import type { TakeToken } from './caller-tokens.ts';

/** What a call is to review: the injections that its path names, or those that need no name. */
export interface Call {
  name?: string;
}

/** A caller's token where none is demanded, not yet or no longer: an injection cannot have such a name. */
const tokenOnly = /^(?=.*[A-Z_]|.{64})[\w-]{32,128}$/;

const healthPaths: ReadonlySet<string> = new Set(['/', '/health/liveness', '/health/readiness', '/healthz', '/readyz']);

/**
 * What a request is for, by its path, method and headers: a review, a health check, or nothing that is served. Reviews
 * go to /mutate[/TOKEN][/NAME], with one of these names.
 */
export function routeOf(
  { method = '', url = '', headers }: IncomingMessage,
  takeToken: TakeToken,
  names: readonly string[],
): Call | 'health' | Answer {
  // The API server adds ?timeout=10s.
  const path = url.split('?', 1)[0] ?? '';
  const [, root, ...segments] = path.split('/');
  const below = root === 'mutate' ? takeToken(segments) : undefined;
  const call = below && callOf(below, names);
  if (call && 'status' in call) return call;
  const methods = call ? ['POST'] : healthPaths.has(path) ? ['GET', 'HEAD'] : undefined;
  if (!methods)
    return refuse(404, "not found: AdmissionReviews go to /mutate, with the caller's token if there is one");
  const allow = methods.join(', ');
  if (!methods.includes(method)) return refuse(405, `the method must be ${allow}`, { headers: { Allow: allow } });
  return call ? (unsupportedBody(headers) ?? call) : 'health';
}

/** By the segments of a path below /mutate and the token. */
function callOf(below: readonly string[], names: readonly string[]): Call | Answer {
  const segments = below.filter((segment, index) => segment !== '' && !(index === 0 && tokenOnly.test(segment)));
  const [name] = segments;
  if (name === undefined) return {};
  if (segments.length === 1 && names.includes(name)) return { name };
  const known = names.length > 0 ? `those that have one are ${names.join(', ')}` : 'none has one';
  return refuse(404, `not found: an injection with a namespaceSelector goes after /mutate, by its name; ${known}`);
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
