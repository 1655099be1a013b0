import type { ServerResponse } from 'node:http';
import type { V1Pod } from '@kubernetes/client-node';
import { type AdmissionRequest, carriesPod } from '../review/admission.ts';
import { type Decision, invalidPod } from '../review/review.ts';
import { type AdmissionReview, inVersionOf, parseAdmissionReview } from './admission-review.ts';
import { type Answer, internalError, refuse, send } from './answer.ts';
import { dropBody, maxBodyBytes, type RequestWithBody, readBody } from './body.ts';
import { Budget, type Share } from './budget.ts';
import type { TakeToken } from './caller-tokens.ts';
import { deadlineOf } from './deadline.ts';
import { oversize } from './json-size.ts';
import type { Log } from './log.ts';
import { excess } from './pod-size.ts';
import { identity, logFor } from './request-log.ts';
import { routeOf } from './route.ts';

/**
 * Of the 256 MiB that the manifest gives: a process at rest takes 60, and the largest review 100 while it is decided.
 * A usual review has 5 KB, and is through in a millisecond.
 */
const maxBytesUnderWay = 2 * maxBodyBytes;

/** A usual review finds room beside any number of large ones. */
const forSmall = { bytes: 4 * 2 ** 20, upTo: 256 * 2 ** 10 };

/** How long one whose client is slow keeps its room while others are short of it. */
const patienceMs = 1_000;

/** How long a client may take to read its answer; the API server, through Knative's queue-proxy, reads at once. */
const writeMs = 10_000;

/**
 * Decides an AdmissionRequest of a call with this name in its path, before `deadline` says that the API server no longer
 * waits. What it throws is a bug of ours.
 */
export type Decide = (
  request: AdmissionRequest,
  deadline: () => AbortSignal,
  name: string | undefined,
) => Decision | Promise<Decision>;

/** Handles a request from its headers to its answer; its body is read here, unless the functions framework has read it. */
export type Handler = (request: RequestWithBody, response: ServerResponse) => Promise<void>;

/**
 * The HTTP side of the webhook, all answers as JSON, with 4xx and 5xx a metav1.Status:
 *
 * | request                                              | status                                          |
 * |------------------------------------------------------|-------------------------------------------------|
 * | GET, HEAD of a health path                           | 200                                             |
 * | another path; another method                         | 404; 405                                        |
 * | POST /mutate: not JSON by its type, or compressed    | 415                                             |
 * | … over 7 MiB, or of too many values                  | 413                                             |
 * | … while others take all the memory                   | 503, with Retry-After                           |
 * | … no AdmissionReview                                 | 400, naming the field                           |
 * | … a Pod to be written that is no object              | 400                                             |
 * | … a Pod larger than any that runs                    | 413                                             |
 * | … a Pod whose fields are not a Pod's                 | 200, unchanged: the API server says what is wrong with it, where an error of ours would hide that |
 * | … another AdmissionReview                            | 200, what `decide` decides                      |
 * | … `decide` throws: a bug of ours                     | 500, so that the failurePolicy decides          |
 *
 * A caller that `takeToken` does not let through gets the 404 of another path; `names` are those that a path can have.
 */
export function createHandler({
  decide,
  log,
  takeToken = (segments) => segments,
  names = [],
}: {
  decide: Decide;
  log: Log;
  takeToken?: TakeToken;
  names?: readonly string[];
}): Handler {
  const budget = new Budget(maxBytesUnderWay, patienceMs, forSmall);
  return async (request, response) => {
    const logged = logFor(request, log);
    const cutOff = () => void request.destroy();
    const share = budget.open(cutOff);
    response.once('close', share.close);
    // Whatever is thrown is answered: with nobody to catch it, it would end the process.
    const answer = await answerTo(request, { decide, takeToken, names, share }).catch(internalError);
    if (answer === 'aborted') return logged('WARNING', 'the client went away', { decision: 'aborted' });
    share.add(send(response, answer, logged));
    const deadline = setTimeout(cutOff, writeMs);
    response.once('close', () => clearTimeout(deadline));
  };
}

async function answerTo(
  request: RequestWithBody,
  { decide, takeToken, names, share }: { decide: Decide; takeToken: TakeToken; names: readonly string[]; share: Share },
): Promise<Answer | 'aborted'> {
  const route = routeOf(request, takeToken, names);
  if (route === 'health') return { status: 200, body: { status: 'ok' } };
  if ('status' in route) return afterBody(request, route);
  const body = await readBody(request, maxBodyBytes, share);
  if (body === 'aborted') return body;
  if (body === 'too large') {
    return afterBody(request, refuse(413, `the body must not be larger than ${maxBodyBytes} bytes`));
  }
  if (body === 'no room') {
    const headers = { 'Retry-After': '1' };
    return afterBody(request, refuse(503, 'too many reviews are under way', { headers }));
  }
  return answerToBody(body, (admitted) => decide(admitted, () => deadlineOf(request.url ?? ''), route.name));
}

/** Refuses a request whose body is still on its way: the rest is dropped, and the connection not used again. */
async function afterBody(request: RequestWithBody, answer: Answer): Promise<Answer | 'aborted'> {
  const rest = await dropBody(request);
  return rest === 'aborted' ? rest : { ...answer, headers: { ...answer.headers, Connection: 'close' } };
}

async function answerToBody(body: Buffer, decide: (request: AdmissionRequest) => ReturnType<Decide>): Promise<Answer> {
  const tooLarge = oversize(body);
  if (tooLarge) return refuse(tooLarge.status, tooLarge.message);
  const value = parseJson(body);
  if (value === undefined) return refuse(400, 'the body is not valid JSON');
  const parsed = parseAdmissionReview(value);
  if ('problem' in parsed) {
    return refuse(400, parsed.problem, parsed.request && { fields: identity(parsed.request) });
  }
  const { review } = parsed;
  const who = identity(review.request);
  try {
    const { request, podProblem } = review;
    const excessive = !podProblem && carriesPod(request) && excess(request.object as V1Pod);
    if (excessive) return refuse(413, `request.object must not have ${excessive}`, { fields: who });
    const decision = podProblem ? invalidPod(request, podProblem) : await decide(request);
    return answerWith(review, decision, who);
  } catch (error) {
    return internalError(error, who);
  }
}

function answerWith(review: AdmissionReview, decision: Decision, who: Record<string, unknown>): Answer {
  const { response, outcome, reason, injections, skipped, warnings, failure } = decision;
  const record = {
    severity: failure ? 'ERROR' : skipped.length + warnings.length > 0 ? 'WARNING' : 'INFO',
    message: reason ?? outcome,
    ...who,
    decision: outcome,
    injections,
    skipped,
    ...(warnings.length > 0 && { warnings }),
    ...(failure && { failure }),
  } as const;
  return { status: 200, body: inVersionOf(review, response), record };
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    // Not passed on: the parser's message quotes the body.
    return undefined;
  }
}
