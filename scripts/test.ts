/** `npm test [-- FILE…]`: type-checks, gets what the tests need, and runs them; the last line counts them. */
import { spawnSync } from 'node:child_process';
import { globSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Mocha from 'mocha';
import { createProgress, runCommand } from './command.ts';
import { findControlPlane } from './control-plane.ts';

const suites = ['unit', 'http', 'property', 'api-server'];

await runCommand(async (cleanup) => {
  const named = process.argv.slice(2);
  const files = (named.length > 0 ? named : suites.map((suite) => `test/${suite}`)).flatMap(testFiles);
  const { status } = spawnSync('tsc', { stdio: 'inherit' });
  if (status !== 0) return report({ passes: 0, failures: 1, pending: 0 });
  if (files.some((file) => file.startsWith('test/api-server/'))) {
    const controlPlane = await findControlPlane(createProgress(), cleanup);
    if (controlPlane) process.env.KUBEBUILDER_ASSETS = dirname(controlPlane.etcd);
  }
  const mocha = new Mocha({ timeout: 60_000, forbidOnly: true });
  for (const file of files) mocha.addFile(file);
  await mocha.loadFilesAsync();
  const stats = await new Promise<Mocha.Stats | undefined>((resolve) => {
    const runner = mocha.run(() => resolve(runner.stats));
  });
  return report(stats ?? { passes: 0, failures: 1, pending: 0 });
});

function testFiles(place: string): string[] {
  return statSync(place).isDirectory() ? globSync(`${place}/**/*.test.ts`).sort() : [place];
}

/** Prints the summary line; the exit status. */
function report({ passes, failures, pending }: Pick<Mocha.Stats, 'passes' | 'failures' | 'pending'>): number {
  console.log(`${passes} passed, ${failures} failed${pending > 0 ? `, ${pending} skipped` : ''}`);
  return failures > 0 ? 1 : 0;
}
