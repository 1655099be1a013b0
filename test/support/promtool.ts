import type { Context } from 'mocha';
import { runGo } from './run-go.ts';

/**
 * Runs Prometheus' promtool. Without Go the test is skipped, which is said, or fails where CI is set. It is built the
 * first time, in some minutes: without inlining and without the discovery of clouds, which is most of it.
 */
export function promtool(test: Context, ...args: string[]): { status: number | null; output: string } {
  const options = ['-tags', 'remove_all_sd', '-gcflags=all=-l'];
  const program = 'github.com/prometheus/prometheus/cmd/promtool@v0.316.0';
  const env = { GOGC: '400', ...process.env, CGO_ENABLED: '0' };
  const { status, stdout, stderr } = runGo(test, 'promtool', ['run', ...options, program, ...args], { env });
  return { status, output: stdout + stderr };
}
