import type { V1LabelSelector } from '@kubernetes/client-node';
import type { DeclaredInjection } from '../review/injection.ts';
import { type Names, selectsName } from '../review/selector.ts';

type Declared = Partial<DeclaredInjection>;

/**
 * Whether one container can get both injections. No is certain: their selectors, of Pods or of namespaces, contradict one
 * another, or they have no namespace or no container in common. Where that cannot be told, as of two globs, it is yes.
 */
export function canOverlap(one: Declared, other: Declared): boolean {
  return (
    canBothSelect([one.selector ?? {}, other.selector ?? {}]) &&
    canBothSelect([one.namespaceSelector ?? {}, other.namespaceSelector ?? {}]) &&
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
  const [exact, rest] = isExact(one) ? [one, other] : [other, one];
  if (!isExact(exact)) return true;
  return (exact?.include ?? []).some((name) => selectsName(exact, name) && selectsName(rest, name));
}

function isExact(names: Names | undefined): boolean {
  return names?.include?.every((name) => !/[*?]/.test(name)) ?? false;
}

/**
 * Things by the injections that they are of: finds those of injections that can overlap with one, and passes most of the
 * others by. Of a thousand injections, each for a team of its own, no two are compared.
 */
export class ByInjection<T> {
  /** By what the injections limit: those that limit the same exclude one another by its values, if at all. */
  readonly #groups = new Map<string, Group<T>>();

  add(injection: Declared, item: T): void {
    const limits = limitsOf(injection);
    const name = [...limits.keys()].sort().join();
    const group = this.#groups.get(name) ?? new Group<T>();
    this.#groups.set(name, group);
    group.add(limits, { injection, item });
  }

  /** The things of injections that can overlap with this one, found one after the other. */
  *overlapping(injection: Declared): Generator<T> {
    const limits = limitsOf(injection);
    for (const group of this.#groups.values()) {
      for (const entry of group.candidates(limits)) if (canOverlap(injection, entry.injection)) yield entry.item;
    }
  }
}

/** The values that an injection leaves of a label, the namespace or the container, where it names them one by one. */
type Limits = Map<string, readonly string[]>;

function limitsOf({ selector = {}, namespaces, containers }: Declared): Limits {
  const { matchLabels = {}, matchExpressions = [] } = selector;
  const exact = (names: Names | undefined) => (isExact(names) ? (names?.include ?? []) : undefined);
  const limits: [string, readonly string[] | undefined][] = [
    ...Object.entries(matchLabels).map(([key, value]): [string, string[]] => [`label ${key}`, [value]]),
    ...matchExpressions.map(({ key, operator, values }): [string, string[] | undefined] => [
      `label ${key}`,
      operator === 'In' ? values : undefined,
    ]),
    ['namespace', exact(namespaces)],
    ['container', exact(containers)],
  ];
  return new Map(limits.filter((limit): limit is [string, readonly string[]] => limit[1] !== undefined));
}

interface Entry<T> {
  injection: Declared;
  item: T;
}

class Group<T> {
  readonly #all: Entry<T>[] = [];
  readonly #by = new Map<string, Map<string, Entry<T>[]>>();

  add(limits: Limits, entry: Entry<T>): void {
    this.#all.push(entry);
    for (const [limit, values] of limits) {
      const byValue = this.#by.get(limit) ?? new Map<string, Entry<T>[]>();
      this.#by.set(limit, byValue);
      for (const value of new Set(values)) {
        const entries = byValue.get(value);
        if (entries) entries.push(entry);
        else byValue.set(value, [entry]);
      }
    }
  }

  /** All that share a value of each limit with these: more, but as few as one limit tells. */
  candidates(limits: Limits): Iterable<Entry<T>> {
    let fewest = this.#all;
    for (const [limit, values] of limits) {
      const byValue = this.#by.get(limit);
      if (!byValue) continue;
      const sharing = values.flatMap((value) => byValue.get(value) ?? []);
      if (sharing.length < fewest.length) fewest = sharing;
    }
    return new Set(fewest);
  }
}
