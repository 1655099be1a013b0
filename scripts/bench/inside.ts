/**
 * Reviews inside the process, a process of its own: reads a list of Inside from its first argument, writes how long a
 * whole review of each took, in ms, as JSON: from the body's bytes to the answer's, verification included.
 */
import { inVersionOf, parseAdmissionReview } from '../../function/http/admission-review.ts';
import { defaultInjections } from '../../function/injections/default-injections.ts';
import type { Injection } from '../../function/review/injection.ts';
import { review } from '../../function/review/review.ts';
import { podOf, reviewOf } from './reviews.ts';
import { percentile } from './statistics.ts';

/** What is reviewed: a Pod of so many containers and variables in each, under so many injections. */
export interface Inside {
  containers: number;
  variables: number;
  injections: number;
}

export interface InsideResult extends Inside {
  kb: number;
  ms: number;
}

function measure(inside: Inside): InsideResult {
  const body = Buffer.from(reviewOf(podOf(inside.containers, inside.variables)));
  const injections = Array.from({ length: inside.injections }, (_, index) => injectionOf(index));
  const budgetMs = 1500;
  const times: number[] = [];
  const started = performance.now();
  while (performance.now() < started + budgetMs) {
    const before = performance.now();
    answerTo(body, injections);
    times.push(performance.now() - before);
  }
  // The first half is to warm up.
  return { ...inside, kb: body.length / 1000, ms: percentile(times.slice(times.length / 2), 0.5) };
}

function answerTo(body: Buffer, injections: Injection[]): Buffer {
  const parsed = parseAdmissionReview(JSON.parse(body.toString('utf8')));
  if ('problem' in parsed) throw new Error(parsed.problem);
  const { response, outcome } = review(parsed.review.request, injections);
  if (outcome !== 'injected') throw new Error(`the outcome was ${outcome}`);
  return Buffer.from(JSON.stringify(inVersionOf(parsed.review, response)));
}

function injectionOf(index: number): Injection {
  const [injection] = defaultInjections;
  if (!injection) throw new Error('there is no default injection');
  const name = `${injection.name}-${index}`;
  const volume = { ...injection.volume, name };
  return { ...injection, name, volume, mounts: [{ name, mountPath: `/etc/${name}`, readOnly: true }] };
}

const asked: Inside[] = JSON.parse(process.argv[2] ?? '[]');
console.log(JSON.stringify(asked.map(measure)));
