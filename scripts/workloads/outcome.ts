import type { Injection } from '../../function/review/injection.ts';
import { type Decision, noContainer } from '../../function/review/review.ts';
import { type Selectable, unmetBy, unmetRequirements } from '../../function/review/selection.ts';

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

/** Where a Pod is, and what it has to be selected by. */
export interface Where extends Selectable {
  namespaceLabels: Readonly<Record<string, string>>;
}

/** What a decision says of an injection that it is about. */
export function outcomeOf(injection: Injection, decision: Decision, where: Where): Outcome {
  return { injection: injection.name, ...(unselected(injection, where) ?? ofSelected(injection, decision)) };
}

/** What is said of an injection that no call is about. */
export function uncalledOutcome(injection: Injection, where: Where): Outcome {
  const notCalled: Result = { result: 'not called', reasons: [leftOut(where.namespace)] };
  return { injection: injection.name, ...(unselected(injection, where) ?? notCalled) };
}

/** Why the function is never called for Pods of a namespace of the platform. */
export function leftOut(namespace: string): string {
  return `namespace ${namespace} is left out by the webhook configuration`;
}

type Result = Omit<Outcome, 'injection'>;

function unselected(injection: Injection, where: Where): Result | undefined {
  const { namespaceSelector = {} } = injection;
  const reasons = [
    ...unmetBy(injection, where),
    ...unmetRequirements(namespaceSelector, where.namespaceLabels, 'namespace label'),
  ];
  return reasons.length > 0 ? { result: 'not selected', reasons } : undefined;
}

/** Of an injection that would be injected, were it not for another. */
export const byAnother: Result = { result: 'unchanged', reasons: ['another injection denies the Pod'] };

function ofSelected({ name }: Injection, decision: Decision): Result {
  const { outcome, injections, leftOut, reason = noContainer, failure } = decision;
  const isLeftOut = leftOut.some(({ injection }) => injection === name);
  if (outcome === 'denied') {
    return isLeftOut ? { result: 'denied', reasons: skippedOf(name, decision) } : byAnother;
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
