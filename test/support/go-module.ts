import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import type { Context } from 'mocha';

/**
 * The directory of a published Go module in the module cache, downloaded where it is not there yet. Without Go the
 * tests that need it are skipped, which is said, or fail where CI is set.
 */
export function goModule(test: Context, module: string): string {
  test.timeout(600_000);
  const { error, stdout, stderr } = spawnSync('go', ['mod', 'download', '-json', module], {
    cwd: tmpdir(),
    encoding: 'utf8',
  });
  if (!error) {
    const { Dir, Error: reason } = JSON.parse(stdout || '{}') as { Dir?: string; Error?: string };
    if (Dir) return Dir;
    throw new Error(`go mod download ${module}: ${reason ?? stderr}`);
  }
  if (process.env.CI) throw new Error(`${module} cannot be had without Go: ${error.message}`);
  console.log(`    skipped, ${module} cannot be had without Go (https://go.dev/dl)`);
  test.skip();
  throw error;
}
