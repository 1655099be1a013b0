import type { Injection } from '../../function/review/injection.ts';
import { type Decision, noContainer } from '../../function/review/review.ts';
import { type Selectable, unmetBy } from '../../function/review/selection.ts';

/** What becomes of an injection in a Pod. */
export interface Outcome {
  injection: string;
  result: 'injected' | 'injected in part' | 'skipped' | 'denied' | 'unchanged' | 'not selected' | 'not called';
  /** Why, in the words of the warning, the log and the annotation, a line each; of what is injected in part, why the rest is not. */
  reasons: string[];
}

/** `hello: skipped: container app: /etc/config is taken by volume config` */
export function formatOutcome({ injection, ...outcome }: Outcome): string {
  return `${injection}: ${formatResult(outcome)}`;
}

/** The same without the injection's name. */
export function formatResult({ result, reasons }: Omit<Outcome, 'injection'>): string {
  return [result, reasons.join('; ')].filter(Boolean).join(': ');
}

/** What a decision says of each of the injections that it was made by. */
export function outcomesOf(decision: Decision, injections: readonly Injection[], pod: Selectable): Outcome[] {
  return injections.map((injection) => {
    const unmet = unmetBy(injection, pod);
    return {
      injection: injection.name,
      ...(unmet.length > 0 ? { result: 'not selected', reasons: unmet } : ofSelected(injection, decision)),
    };
  });
}

function ofSelected({ name }: Injection, decision: Decision): Omit<Outcome, 'injection'> {
  const { outcome, injections, leftOut, reason = noContainer, failure } = decision;
  const isLeftOut = leftOut.some(({ injection }) => injection === name);
  if (outcome === 'denied') {
    return isLeftOut
      ? { result: 'denied', reasons: skippedOf(name, decision) }
      : { result: 'unchanged', reasons: ['another injection denies the Pod'] };
  }
  if (isLeftOut) {
    return { result: injections.includes(name) ? 'injected in part' : 'skipped', reasons: skippedOf(name, decision) };
  }
  if (outcome === 'unchanged') return { result: 'unchanged', reasons: [reason] };
  if (injections.includes(name)) return { result: 'injected', reasons: [] };
  return { result: 'unchanged', reasons: [failure ?? noContainer] };
}

/** The lines of what an injection left out, without its name; of very many, a decision has the first, and how many more. */
function skippedOf(name: string, { skipped }: Decision): string[] {
  const prefix = `${name}: `;
  const own = skipped.filter((line) => line.startsWith(prefix)).map((line) => line.slice(prefix.length));
  return own.length > 0 ? own : skipped.slice(-1);
}
