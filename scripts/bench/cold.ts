import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { reviewOf, usualPod } from './reviews.ts';
import { inTurn } from './rounds.ts';
import { type Spread, spreadsOf } from './statistics.ts';
import { firstAnswer, type Subject, startSubject } from './subjects.ts';
import { type Usage, usageOf } from './usage.ts';
import { postOf } from './wire.ts';

/** One start, from its spawn to its first answer, and what the process had used by then. */
export interface ColdStart extends Usage {
  ms: number;
}

/** Starts a subject, waits for its first answer, and kills it. Throws where that answer is not an allowed review. */
export async function startCold(subject: Subject, request: Buffer): Promise<ColdStart> {
  await using cleanup = new AsyncDisposableStack();
  const running = await startSubject(subject, cleanup);
  const answer = await firstAnswer(running, request);
  const ms = performance.now() - running.started;
  if (!JSON.parse(answer).response?.allowed) throw new Error(`${subject.name} answered ${answer}`);
  const usage = usageOf(running);
  running.child.signal('SIGKILL');
  await running.child.exit;
  return { ms, ...usage };
}

/**
 * Empties the page cache, so that a start reads all from disk as on a node that has just pulled the image. Returns false
 * where only root may. What a running program has mapped stays, so Node has to be a copy that nothing else runs from.
 */
export function dropPageCache(): boolean {
  try {
    // What is not on disk yet would stay.
    spawnSync('sync');
    writeFileSync('/proc/sys/vm/drop_caches', '3');
    return true;
  } catch {
    return false;
  }
}

/** Many starts of a subject. */
export type ColdStarts = Record<keyof ColdStart, Spread>;

/** Starts the subjects in turn, in so many rounds; by their names. */
export async function measureCold(
  subjects: readonly Subject[],
  rounds: number,
  beforeEach: (name: string) => void,
): Promise<Record<string, ColdStarts>> {
  const request = postOf(reviewOf(usualPod));
  const starts = subjects.map(({ name }) => ({ name, list: [] as ColdStart[] }));
  for (let round = 0; round < rounds; round++) {
    for (const [index, subject] of inTurn(subjects, round)) {
      beforeEach(subject.name);
      starts[index]?.list.push(await startCold(subject, request));
    }
  }
  return Object.fromEntries(starts.map(({ name, list }) => [name, spreadsOf(list)]));
}
