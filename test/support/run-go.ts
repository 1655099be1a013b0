import { spawnSync } from 'node:child_process';
import type { Context } from 'mocha';

/**
 * Runs `go`, which is to give a test what it needs. Without Go the test is skipped, which is said, or fails where CI is set.
 * What is built is built the first time, in some minutes at most.
 */
export function runGo(
  test: Context,
  what: string,
  args: readonly string[],
  { cwd, env = process.env, input }: { cwd?: string; env?: NodeJS.ProcessEnv; input?: string } = {},
): { status: number | null; stdout: string; stderr: string } {
  test.timeout(1_200_000);
  const { error, status, stdout, stderr } = spawnSync('go', args, {
    cwd,
    env,
    input,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (error && !process.env.CI) {
    console.log(`    skipped, ${what} cannot be had without Go (https://go.dev/dl)`);
    return test.skip();
  }
  if (error) throw error;
  return { status, stdout, stderr };
}
