/** `npm test [-- PLACE…]`: type-checks, gets what the tests need, and runs them; the last line counts them. */
import { spawnSync } from 'node:child_process';
import { globSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Mocha from 'mocha';
import { controlPlaneAtHand, findControlPlane } from '../scripts/local/control-plane.ts';
import { createProgress } from '../scripts/terminal/progress.ts';
import { runCommand } from '../scripts/terminal/run.ts';

const suites = ['unit', 'http', 'property', 'api-server'];
const nothing = { passes: 0, failures: 0, pending: 0 };

await runCommand(async (cleanup) => {
  try {
    return report(await run(process.argv.slice(2), cleanup));
  } catch (error) {
    const { code, message, stack } = error as NodeJS.ErrnoException;
    console.error(code === 'ENOENT' ? message : stack);
    return report({ ...nothing, failures: 1 });
  }
});

type Counts = Pick<Mocha.Stats, 'passes' | 'failures' | 'pending'>;

/**
 * Runs the tests at these places, files or directories; all of them where none is named. Those on an API server come last:
 * it is downloaded or built, the first time, while the others run.
 */
async function run(places: string[], cleanup: AsyncDisposableStack): Promise<Counts> {
  const files = (places.length > 0 ? places : suites.map((suite) => `test/${suite}`)).flatMap(testFiles);
  if (files.length === 0) throw new Error(`no tests in ${places.join(', ')}`);
  if (spawnSync('tsc', { stdio: 'inherit' }).status !== 0) return { ...nothing, failures: 1 };
  const onApiServer = files.filter((file) => file.includes('test/api-server/'));
  const controlPlane = onApiServer.length > 0 ? prepareControlPlane(cleanup) : undefined;
  const others = await runMocha(files.filter((file) => !onApiServer.includes(file)));
  await controlPlane;
  return sum(others, await runMocha(onApiServer));
}

async function runMocha(files: string[]): Promise<Counts> {
  if (files.length === 0) return nothing;
  const mocha = new Mocha({ timeout: 60_000, forbidOnly: true });
  for (const file of files) mocha.addFile(file);
  await mocha.loadFilesAsync();
  return new Promise((resolve) => {
    const runner = mocha.run(() => resolve(runner.stats ?? { ...nothing, failures: 1 }));
  });
}

function sum(one: Counts, other: Counts): Counts {
  return {
    passes: one.passes + other.passes,
    failures: one.failures + other.failures,
    pending: one.pending + other.pending,
  };
}

async function prepareControlPlane(cleanup: AsyncDisposableStack): Promise<void> {
  try {
    const atHand = controlPlaneAtHand();
    if (!atHand) console.log('Getting an API server, while the tests that need none run …');
    const controlPlane = atHand ?? (await findControlPlane(createProgress(), cleanup));
    if (!controlPlane) return;
    process.env.KUBEBUILDER_ASSETS = dirname(controlPlane.etcd);
    if (!atHand) console.log(`The API server is there: ${controlPlane.origin}`);
  } catch (error) {
    // The tests that need it fail, and say so again; the others run.
    console.error((error as Error).message);
  }
}

function testFiles(place: string): string[] {
  return statSync(place).isDirectory() ? globSync(`${place}/**/*.test.ts`).sort() : [place];
}

/** Prints the summary line; the exit status. */
function report({ passes, failures, pending }: Counts): number {
  console.log(`${passes} passed, ${failures} failed${pending > 0 ? `, ${pending} skipped` : ''}`);
  return failures > 0 || passes + pending === 0 ? 1 : 0;
}
