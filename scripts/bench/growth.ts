import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Inside, InsideResult } from './inside.ts';

/** What grows: a Pod's containers, the injections, and its size alone. The first is the usual Pod. */
const cases: Inside[] = [
  { containers: 4, variables: 24, injections: 1 },
  ...[1, 10, 100, 500].map((containers) => ({ containers, variables: 24, injections: 1 })),
  ...[10, 100].map((injections) => ({ containers: 4, variables: 24, injections })),
  ...[400, 4_000, 16_000].map((variables) => ({ containers: 4, variables, injections: 1 })),
];

/** How long a review takes inside a process of its own, as the Pod and the configuration grow. */
export async function measureGrowth(): Promise<InsideResult[]> {
  const inside = fileURLToPath(new URL('inside.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [inside, JSON.stringify(cases)]);
  return JSON.parse(stdout);
}
