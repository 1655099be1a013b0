import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { readYaml, writeYaml } from '../../scripts/workloads/yaml-file.ts';

/** A directory of test cases: each of its directories is one, its name the title of the test. */
export function fixtures(directory: string): { title: string; file: (name: string) => string }[] {
  const root = join(import.meta.dirname, '..', directory);
  return readdirSync(root).map((title) => ({ title, file: (name) => join(root, title, name) }));
}

/**
 * Compares with a YAML file. `UPDATE_FIXTURES=1 npm test` writes the file instead, below its comment, for a look at its
 * diff; never in CI.
 */
export function expectAsIn(file: string, actual: object): void {
  if (process.env.UPDATE_FIXTURES && !process.env.CI) {
    writeYaml(file, actual);
  }
  if (!existsSync(file)) throw new Error(`there is no ${file}: UPDATE_FIXTURES=1 npm test writes it`);
  expect(actual).to.deep.equal(readYaml(file));
}
