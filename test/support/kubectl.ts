import { join } from 'node:path';
import type { Context } from 'mocha';
import { runGo } from './run-go.ts';

/** What kubectl makes of a document: its value, or why it refuses it. */
export type Reading = { value: unknown } | { error: string };

/** Reads documents as kubectl does, by sigs.k8s.io/yaml itself. Skips where Go is missing. */
export function readByKubectl(test: Context, documents: readonly string[]): Reading[] {
  const { status, stdout, stderr } = runGo(test, 'sigs.k8s.io/yaml', ['run', '.'], {
    cwd: join(import.meta.dirname, 'kubectl'),
    input: documents.map((document) => JSON.stringify(document)).join('\n'),
  });
  if (status !== 0) throw new Error(`go run: ${stderr}`);
  const lines = stdout.trimEnd().split('\n');
  return lines.map((line): Reading => {
    const read = JSON.parse(line.slice('value '.length));
    return line.startsWith('value ') ? { value: read } : read;
  });
}
