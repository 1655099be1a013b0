import { existsSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { Injection } from '../../function/review/injection.ts';
import { answerTo, type Fixture } from './fixture.ts';
import { formatYaml, readYaml, writeYaml } from './yaml-file.ts';

/** How a case ended. */
export type Ended = { fixture: Fixture } & (
  | { outcome: 'passed' | 'written' }
  | { outcome: 'missing' }
  | { outcome: 'failed'; expected: string; actual: string }
  | { outcome: 'error'; message: string }
);

/** Runs a case; with `update`, `expected.yaml` is written where it says something else, or is missing. */
export function runFixture(fixture: Fixture, injections: readonly Injection[], update: boolean): Ended {
  const file = fixture.file('expected.yaml');
  try {
    const { answer } = answerTo(fixture, injections);
    const expected = readYaml(file);
    // As it is read from a file: what is undefined is not there.
    const actual: unknown = JSON.parse(JSON.stringify(answer));
    if (isDeepStrictEqual(actual, expected)) return { fixture, outcome: 'passed' };
    if (update) {
      writeYaml(file, actual);
      return { fixture, outcome: 'written' };
    }
    if (!existsSync(file)) return { fixture, outcome: 'missing' };
    return { fixture, outcome: 'failed', expected: formatYaml(expected), actual: formatYaml(actual) };
  } catch (error) {
    return { fixture, outcome: 'error', message: (error as Error).message };
  }
}
