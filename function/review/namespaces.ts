import { isDeepStrictEqual } from 'node:util';
import type { Injection } from './injection.ts';

type Scoped = Pick<Injection, 'name' | 'namespaceSelector'>;

/** Whether two injections are for the namespaces of the same labels, so that one call of the function reviews both. */
export function shareNamespaceSelector(one: Scoped, other: Scoped): boolean {
  // Nearly always there is none: Node loads what compares deeply only where there is.
  const [own, theirs] = [one.namespaceSelector, other.namespaceSelector];
  return own === theirs || isDeepStrictEqual(own, theirs);
}

/** The names that a call's path can have: those of the injections with a namespaceSelector. */
export function callNames(injections: readonly Scoped[]): string[] {
  return injections.filter(({ namespaceSelector }) => namespaceSelector).map(({ name }) => name);
}

/**
 * The injections that a call reviews, by the name in its path. A review does not carry the labels of its namespace, so the
 * API server has matched a namespaceSelector, and the path says whose: those that share it. Without a name, those that
 * have none: an injection with a namespaceSelector is never reviewed but by a call that was made for it.
 */
export function reviewedBy<I extends Scoped>(injections: readonly I[], name: string | undefined): I[] {
  const called = name === undefined ? { name: '' } : injections.find((injection) => injection.name === name);
  return called ? injections.filter((injection) => shareNamespaceSelector(injection, called)) : [];
}
