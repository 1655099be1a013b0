import { spawnSync } from 'node:child_process';
import type { Context } from 'mocha';

/**
 * Runs Prometheus' promtool. Without Go the test is skipped, which is said, or fails where CI is set. It is built the
 * first time, in some minutes: without inlining and without the discovery of clouds, which is most of it.
 */
export function promtool(test: Context, ...args: string[]): { status: number | null; output: string } {
  test.timeout(1_200_000);
  const options = ['-tags', 'remove_all_sd', '-gcflags=all=-l'];
  const program = 'github.com/prometheus/prometheus/cmd/promtool@v0.316.0';
  const { error, status, stdout, stderr } = spawnSync('go', ['run', ...options, program, ...args], {
    env: { GOGC: '400', ...process.env, CGO_ENABLED: '0' },
    encoding: 'utf8',
  });
  if (error && !process.env.CI) {
    console.log('    skipped, promtool cannot be had without Go (https://go.dev/dl)');
    return test.skip();
  }
  if (error) throw error;
  return { status, output: stdout + stderr };
}
