/** `npm test [-- PLACE…]`: type-checks, gets what the tests need, and runs them; the last line counts them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import Mocha from 'mocha';
import { controlPlaneAtHand, type Search } from '../scripts/local/control-plane.ts';
import { createProgress } from '../scripts/terminal/progress.ts';
import { runCommand } from '../scripts/terminal/run.ts';
import { sharedControlPlane } from './support/control-plane.ts';

const suites = ['http', 'unit', 'property', 'api-server'];
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
 * it is downloaded or built, the first time, while the types are checked and the other tests run.
 */
async function run(places: string[], cleanup: AsyncDisposableStack): Promise<Counts> {
  const files = (places.length > 0 ? places : suites.map((suite) => `test/${suite}`)).flatMap(testFiles);
  if (files.length === 0) throw new Error(`no tests in ${places.join(', ')}`);
  const onApiServer = files.filter((file) => file.includes('test/api-server/'));
  const showProgress = createProgress();
  let isAwaited = false;
  const progress = (text?: string) => {
    if (isAwaited) showProgress(text);
  };
  const apiServer = onApiServer.length > 0 ? getApiServer({ progress, cleanup }) : undefined;
  const [status] = await once(spawn('tsc', { stdio: 'inherit' }), 'close');
  if (status !== 0) return { ...nothing, failures: 1 };
  const counts = await runMocha(files.filter((file) => !onApiServer.includes(file)));
  isAwaited = true;
  await apiServer;
  return sum(counts, await runMocha(onApiServer));
}

/** Several files at a time, since most tests wait most of the time; on a real cluster, of which there is one, one by one. */
async function runMocha(files: string[]): Promise<Counts> {
  if (files.length === 0) return nothing;
  const parallel = !files.some((file) => file.includes('test/e2e/'));
  const mocha = new Mocha({
    timeout: 60_000,
    forbidOnly: true,
    parallel,
    jobs: 2 * availableParallelism(),
    require: [join(import.meta.dirname, 'support/worker.ts')],
  });
  for (const file of files) mocha.addFile(resolve(file));
  if (!parallel) await mocha.loadFilesAsync();
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

/** Gets an API server, and says so where none is at hand. Where that fails, so do the tests that need it; the others run. */
async function getApiServer(search: Search): Promise<void> {
  try {
    if (controlPlaneAtHand()) return;
    console.log('Getting an API server; the tests that need none run meanwhile.');
    const controlPlane = await sharedControlPlane(search);
    if (controlPlane) console.log(`The API server is there: ${controlPlane.origin}`);
  } catch (error) {
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
