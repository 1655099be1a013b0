import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Context } from 'mocha';

/** What kubectl makes of a document: its value, or why it refuses it. */
export type Reading = { value: unknown } | { error: string };

/**
 * Reads documents as kubectl does, by sigs.k8s.io/yaml itself. Without Go the test is skipped, which is said, or fails
 * where CI is set.
 */
export function readByKubectl(test: Context, documents: readonly string[]): Reading[] {
  test.timeout(600_000);
  const { error, status, stdout, stderr } = spawnSync('go', ['run', '.'], {
    cwd: join(import.meta.dirname, 'kubectl'),
    input: documents.map((document) => JSON.stringify(document)).join('\n'),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error && !process.env.CI) {
    console.log('    skipped, sigs.k8s.io/yaml cannot be had without Go (https://go.dev/dl)');
    return test.skip();
  }
  if (error) throw error;
  if (status !== 0) throw new Error(`go run: ${stderr}`);
  const lines = stdout.trimEnd().split('\n');
  return lines.map((line): Reading => {
    const read = JSON.parse(line.slice('value '.length));
    return line.startsWith('value ') ? { value: read } : read;
  });
}
