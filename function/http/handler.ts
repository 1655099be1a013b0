import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Review } from '../review/review.ts';
import { type AdmissionRequest, type AdmissionReview, inVersionOf, parseAdmissionReview } from './admission-review.ts';
import type { Log, Severity } from './log.ts';
import { identity, logFor } from './request-log.ts';

/**
 * 7 MiB: an AdmissionReview holds two objects of at most 3 MiB each, the API server's own limit, and less than 1 MiB
 * around them (the reckoning of sigs.k8s.io/controller-runtime pkg/webhook/admission/http.go).
 */
export const maxBodyBytes = 7 * 2 ** 20;

/** A request with its body, as the functions framework hands it over. */
export type RequestWithBody = IncomingMessage & { rawBody?: Buffer };

/** What goes back to the caller and, but for health checks, into the log: never anything of a Pod but its names. */
export interface Answer {
  status: number;
  body: object;
  headers?: Record<string, string>;
  record?: { severity: Severity; message: string; [field: string]: unknown };
}

/** Decides an AdmissionRequest, before `deadline` says that the API server no longer waits. What it throws is a bug of ours. */
export type Reviewer = (request: AdmissionRequest, deadline: () => AbortSignal) => Review | Promise<Review>;

/**
 * The HTTP side of the webhook, all answers as JSON:
 *
 * | request                                              | status                                          |
 * |------------------------------------------------------|-------------------------------------------------|
 * | GET, HEAD of a health path                           | 200                                             |
 * | another path; another method                         | 404; 405                                        |
 * | POST /mutate: not JSON by its type, or compressed    | 415                                             |
 * | … over 7 MiB                                         | 413                                             |
 * | … no AdmissionReview                                 | 400, naming the field                           |
 * | … an AdmissionReview                                 | 200, the decision of `review`                   |
 * | … `review` throws: a bug of ours                     | 500, so that the failurePolicy decides          |
 */
export function createHandler({ review, log }: { review: Reviewer; log: Log }) {
  return async (request: RequestWithBody, response: ServerResponse): Promise<void> => {
    const logged = logFor(request, log);
    // Whatever is thrown is answered: with nobody to catch it, it would end the process.
    send(response, await answerTo(request, review).catch(internalError), logged);
  };
}

/** What is wrong with a request by its path, method and headers, or undefined where its body decides. */
export function refusalOf({ method = '', url = '', headers }: IncomingMessage): Answer | undefined {
  // The API server adds ?timeout=10s.
  const path = url.split('?', 1)[0] ?? '';
  const methods = path === '/mutate' ? ['POST'] : healthPaths.has(path) ? ['GET', 'HEAD'] : undefined;
  if (!methods) return refusal(404, 'not found: AdmissionReviews go to /mutate');
  const allow = methods.join(', ');
  if (!methods.includes(method)) return refusal(405, `the method must be ${allow}`, { headers: { Allow: allow } });
  return method === 'POST' ? refusalOfBody(headers) : undefined;
}

function refusalOfBody(headers: IncomingHttpHeaders): Answer | undefined {
  if (!/^application\/json *(;|$)/i.test(headers['content-type'] ?? '')) {
    return refusal(415, 'the content-type must be application/json');
  }
  // Inflated, 200 KB can be 200 MB; the API server never compresses a review.
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') {
    return refusal(415, 'the body must not be compressed', { headers: { 'Accept-Encoding': 'identity' } });
  }
  return undefined;
}

/** Sends and logs an answer. */
export function send(response: ServerResponse, { status, body, headers, record }: Answer, log: Log): void {
  // As a string: Node then sends it in one write with the headers.
  const text = JSON.stringify(body);
  response
    .writeHead(status, { ...headers, 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) })
    .end(text);
  if (!record) return;
  const { severity, message, ...fields } = record;
  log(severity, message, fields);
}

const healthPaths: ReadonlySet<string> = new Set(['/', '/health/liveness', '/health/readiness', '/healthz', '/readyz']);

function refusal(
  status: number,
  error: string,
  { headers = {}, request }: { headers?: Record<string, string>; request?: AdmissionRequest | undefined } = {},
): Answer {
  const who = request && identity(request);
  return {
    status,
    body: { error },
    headers,
    record: { severity: 'WARNING', message: error, decision: 'refused', status, ...who },
  };
}

export const tooLarge = refusal(413, `the body must not be larger than ${maxBodyBytes} bytes`);

async function answerTo(request: RequestWithBody, review: Reviewer): Promise<Answer> {
  const refused = refusalOf(request);
  if (refused) return refused;
  const { method, rawBody = Buffer.alloc(0) } = request;
  if (method !== 'POST') return { status: 200, body: { status: 'ok' } };
  const value = parseJson(rawBody);
  if (value === undefined) return refusal(400, 'the body is not valid JSON');
  const parsed = parseAdmissionReview(value);
  if ('problem' in parsed) return refusal(400, parsed.problem, { request: parsed.request });
  return decisionOn(parsed.review, (asked) => review(asked, () => deadlineOf(request.url ?? '')));
}

async function decisionOn(
  admissionReview: AdmissionReview,
  review: (request: AdmissionRequest) => Review | Promise<Review>,
): Promise<Answer> {
  const who = identity(admissionReview.request);
  try {
    const { response, reason, ensure: _, ...decided } = await review(admissionReview.request);
    const severity = decided.skipped.length > 0 ? 'WARNING' : 'INFO';
    const record = { severity, message: reason ?? decided.decision, ...who, ...decided } as const;
    return { status: 200, body: inVersionOf(admissionReview, response), record };
  } catch (error) {
    if (error instanceof RangeError && isTooDeep(admissionReview)) return refusal(400, 'the body is nested too deeply');
    return internalError(error, who);
  }
}

function internalError(error: unknown, who: Record<string, unknown> = {}): Answer {
  const stack = error instanceof Error ? error.stack : String(error);
  const record = { severity: 'ERROR', message: 'internal error', ...who, decision: 'error', stack } as const;
  return { status: 500, body: { error: 'internal error, see the log' }, record };
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    // Not passed on: the parser's message quotes the body.
    return undefined;
  }
}

/** A second before the API server gives up, by its `?timeout=10s`; that is its default, too. */
function deadlineOf(url: string): AbortSignal {
  const seconds = Number(/[?&]timeout=(\d+)s/.exec(url)?.[1] ?? 10);
  return AbortSignal.timeout(Math.max(500, seconds * 1000 - 1000));
}

/** Whether a value is nested deeper than any Pod is, and than V8's stack may bear. Asked only once it has not borne it. */
function isTooDeep(value: unknown): boolean {
  let level = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > 1000) return true;
    level = level.flatMap((item) => (typeof item === 'object' && item !== null ? Object.values(item) : []));
  }
  return false;
}
