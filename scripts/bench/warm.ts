import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Progress } from '../terminal/progress.ts';
import type { Load, LoadResult } from './load.ts';
import { inTurn } from './rounds.ts';
import { type Spread, spreadsOf } from './statistics.ts';
import { firstAnswer, type Subject, type Subjects, startSubject } from './subjects.ts';
import { usageOf } from './usage.ts';
import { postOf } from './wire.ts';

/** Latencies in ms, throughput, and the server's own CPU time, in µs a review. */
export type Warm = Record<'mean' | 'p50' | 'p99' | 'perSecond' | 'cpuUs', Spread>;

const rounds = 5;
const seconds = 2;

/** Loads running servers in turn, in rounds, with 1, 10 and 100 callers: by their number and the subjects' names. */
export async function measureWarm(
  { bare, ours, tutorial }: Subjects,
  file: string,
  progress: Progress,
): Promise<Record<string, Record<string, Warm>>> {
  await using cleanup = new AsyncDisposableStack();
  const subjects: Subject[] = [bare, ours, ...(tutorial ? [tutorial] : [])];
  const servers = await Promise.all(
    subjects.map(async (subject) => ({ name: subject.name, running: await startSubject(subject, cleanup) })),
  );
  const post = postOf(readFileSync(file, 'utf8'));
  for (const { name, running } of servers) {
    progress(`warming up: ${name}`);
    await firstAnswer(running, post);
    await load({ port: running.port, file, callers: 10, until: { requests: 5_000 } });
  }
  const results: Record<string, Record<string, Warm>> = {};
  for (const callers of [1, 10, 100]) {
    const measured = servers.map(() => [] as Record<keyof Warm, number>[]);
    for (let round = 0; round < rounds; round++) {
      for (const [index, { name, running }] of inTurn(servers, round)) {
        progress(`${callers} callers: round ${round + 1} of ${rounds}, ${name}`);
        const { cpuMs } = usageOf(running);
        const { requests, ...latencies } = await load({ port: running.port, file, callers, until: { seconds } });
        const cpuUs = ((usageOf(running).cpuMs - cpuMs) * 1000) / requests;
        measured[index]?.push({ ...latencies, cpuUs });
      }
    }
    results[callers] = Object.fromEntries(servers.map(({ name }, index) => [name, spreadsOf(measured[index] ?? [])]));
  }
  return results;
}

const generator = fileURLToPath(new URL('load.ts', import.meta.url));

/** Puts load on a server from a process of its own. */
export async function load(load: Load): Promise<LoadResult> {
  const { stdout } = await promisify(execFile)(process.execPath, [generator, JSON.stringify(load)]);
  return JSON.parse(stdout);
}
