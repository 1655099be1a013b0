import type { V1LabelSelector } from '@kubernetes/client-node';
import type { DeclaredInjection } from '../review/injection.ts';
import { type Names, selectsName } from '../review/selector.ts';

type Declared = Partial<DeclaredInjection>;

/**
 * Whether one container can get both injections. No is certain: their selectors contradict one another, or they have
 * no namespace or no container in common. Where that cannot be told, as of two globs, it is yes.
 */
export function canOverlap(one: Declared, other: Declared): boolean {
  return (
    canBothSelect([one.selector ?? {}, other.selector ?? {}]) &&
    canShareName(one.namespaces, other.namespaces) &&
    canShareName(one.containers, other.containers)
  );
}

/** What a value can still be, after all requirements of its key. */
interface Possible {
  /** Undefined: any. */
  values?: Set<string>;
  isNot: Set<string>;
  mustExist: boolean;
  mustBeAbsent: boolean;
}

function canBothSelect(selectors: readonly V1LabelSelector[]): boolean {
  const keys = new Map<string, Possible>();
  const of = (key: string): Possible => {
    const there = keys.get(key) ?? { isNot: new Set(), mustExist: false, mustBeAbsent: false };
    keys.set(key, there);
    return there;
  };
  for (const { matchLabels = {}, matchExpressions = [] } of selectors) {
    for (const [key, value] of Object.entries(matchLabels)) narrow(of(key), 'In', [value]);
    for (const { key, operator, values = [] } of matchExpressions) narrow(of(key), operator, values);
  }
  return [...keys.values()].every(isPossible);
}

function narrow(possible: Possible, operator: string, values: readonly string[]): void {
  if (operator === 'NotIn') for (const value of values) possible.isNot.add(value);
  if (operator === 'DoesNotExist') possible.mustBeAbsent = true;
  if (operator === 'Exists' || operator === 'In') possible.mustExist = true;
  if (operator !== 'In') return;
  const before = possible.values;
  possible.values = new Set(values.filter((value) => !before || before.has(value)));
}

function isPossible({ values, isNot, mustExist, mustBeAbsent }: Possible): boolean {
  if (mustBeAbsent) return !mustExist;
  return !values || [...values].some((value) => !isNot.has(value));
}

/** Names without globs on one side tell; of globs on both sides, there may be a name. */
function canShareName(one: Names | undefined, other: Names | undefined): boolean {
  const isExact = (names: Names | undefined) => names?.include?.every((name) => !/[*?]/.test(name)) ?? false;
  const [exact, rest] = isExact(one) ? [one, other] : [other, one];
  if (!isExact(exact)) return true;
  return (exact?.include ?? []).some((name) => selectsName(exact, name) && selectsName(rest, name));
}
