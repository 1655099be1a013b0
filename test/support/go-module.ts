import { tmpdir } from 'node:os';
import type { Context } from 'mocha';
import { runGo } from './run-go.ts';

/** The directory of a published Go module in the module cache, downloaded where it is not there yet. Skips where Go is missing. */
export function goModule(test: Context, module: string): string {
  const { stdout, stderr } = runGo(test, module, ['mod', 'download', '-json', module], { cwd: tmpdir() });
  const { Dir, Error: reason } = JSON.parse(stdout || '{}') as { Dir?: string; Error?: string };
  if (Dir) return Dir;
  throw new Error(`go mod download ${module}: ${reason ?? stderr}`);
}
