import { setTimeout as delay } from 'node:timers/promises';
import type { Progress } from '../terminal/progress.ts';

/** Looks at a cluster once: what was waited for, or in words what is still missing. */
export type Look<T> = () => Promise<{ found: T } | { missing: string }>;

/** That what was waited for did not come in time. */
export class TimeoutError extends Error {
  override name = 'TimeoutError';
  /** What was still missing at the last look. */
  readonly missing: string;

  constructor(message: string, missing: string) {
    super(message);
    this.missing = missing;
  }
}

/**
 * Waits until a look, one each `intervalMs`, finds what it looks for, and shows meanwhile what is missing. Throws a
 * TimeoutError that says so once `timeoutMs` are over.
 */
export async function waitFor<T>(
  what: string,
  look: Look<T>,
  { progress, timeoutMs, intervalMs = 250 }: { progress: Progress; timeoutMs: number; intervalMs?: number },
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  try {
    for (;;) {
      const seen = await look();
      if ('found' in seen) return seen.found;
      const { missing } = seen;
      if (Date.now() > deadline) throw new TimeoutError(`${what}, for ${timeoutMs / 1000} s: ${missing}`, missing);
      progress(`${what}: ${missing}`);
      await delay(intervalMs);
    }
  } finally {
    progress();
  }
}
