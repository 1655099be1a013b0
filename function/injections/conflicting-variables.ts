import type { V1EnvVar } from '@kubernetes/client-node';
import type { DeclaredInjection } from '../review/injection.ts';
import { referencesIn } from '../review/variables.ts';
import { isAsDeclared } from '../review/volume-comparison.ts';
import { ByInjection } from './overlap.ts';
import type { Problem } from './schema.ts';

type Declared = Partial<DeclaredInjection>;

/** The values that injections set a variable to. */
class Setters {
  readonly #values = new ByInjection<{ variable: V1EnvVar; injection: string }>();
  readonly #distinct = new Set<string>();

  add(injection: Declared, variable: V1EnvVar): void {
    this.#values.add(injection, { variable, injection: injection.name ?? '' });
    this.#distinct.add(JSON.stringify(variable));
  }

  /** The name of an injection that can overlap with this one, and sets the variable, to another value where one is given. */
  find(injection: Declared, variable?: V1EnvVar): string | undefined {
    if (variable && this.#distinct.size === 1 && this.#distinct.has(JSON.stringify(variable))) return undefined;
    for (const other of this.#values.overlapping(injection)) {
      if (!variable || !isSame(variable, other.variable)) return other.injection;
    }
    return undefined;
  }
}

function isSame(one: V1EnvVar, other: V1EnvVar): boolean {
  return isAsDeclared(one, other, 'env') && isAsDeclared(other, one, 'env');
}

/** What has been set so far, by name. */
class Variables {
  readonly #setters = new Map<string, Setters>();

  add(injection: Declared): void {
    for (const variable of injection.env ?? []) {
      const setters = this.#setters.get(variable.name) ?? new Setters();
      this.#setters.set(variable.name, setters);
      setters.add(injection, variable);
    }
  }

  of(name: string): Setters | undefined {
    return this.#setters.get(name);
  }
}

/** Where one container can get two values of a variable: the injection that comes second would be in conflict with the first. */
export function conflictingVariableProblems(all: readonly Declared[]): Problem[] {
  const earlier = new Variables();
  return all.flatMap((injection, at) => {
    const problems = (injection.env ?? []).flatMap((variable, index): Problem[] => {
      const setter = earlier.of(variable.name)?.find(injection, variable);
      const message = `must be what injection ${setter} sets ${variable.name} to, which can select the same Pods`;
      return setter === undefined ? [] : [{ path: ['injections', at, 'env', index], message }];
    });
    earlier.add(injection);
    return problems;
  });
}

/**
 * What refers to a variable that a later injection sets: a first review would leave it out, for want of the variable, and
 * a second one would not.
 */
export function laterVariableProblems(all: readonly Declared[]): Problem[] {
  const later = new Variables();
  return all.toReversed().flatMap((injection, reversed) => {
    const own = new Set(injection.env?.map(({ name }) => name));
    const problems = referencesOf(injection).flatMap(({ path, name }): Problem[] => {
      const setter = own.has(name) ? undefined : later.of(name)?.find(injection);
      const message = `must not refer to ${name} before injection ${setter} sets it: put that one first`;
      return setter === undefined ? [] : [{ path: ['injections', all.length - 1 - reversed, ...path], message }];
    });
    later.add(injection);
    return problems;
  });
}

function referencesOf({ mount, mounts = [], env = [] }: Declared): { path: Problem['path']; name: string }[] {
  const texts: [Problem['path'], string | undefined][] = [
    [['mount', 'subPathExpr'], mount?.subPathExpr],
    ...mounts.map(({ subPathExpr }, index): (typeof texts)[number] => [['mounts', index, 'subPathExpr'], subPathExpr]),
    ...env.map(({ value }, index): (typeof texts)[number] => [['env', index, 'value'], value]),
  ];
  return texts.flatMap(([path, text = '']) => referencesIn(text).map((name) => ({ path, name })));
}
