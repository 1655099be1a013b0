import { setTimeout as delay } from 'node:timers/promises';
import type { Progress } from '../terminal/progress.ts';

/** Looks at a cluster once: what was waited for, or in words what is missing still. */
export type Look<T> = () => Promise<{ found: T } | { missing: string }>;

/**
 * Waits until a look finds what it looks for, and shows meanwhile what is missing. Throws an Error that says so once
 * `timeoutMs` are over.
 */
export async function waitFor<T>(
  what: string,
  look: Look<T>,
  { progress, timeoutMs }: { progress: Progress; timeoutMs: number },
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  try {
    for (;;) {
      const seen = await look();
      if ('found' in seen) return seen.found;
      if (Date.now() > deadline) throw new Error(`${what}, for ${timeoutMs / 1000} s now: ${seen.missing}`);
      progress(`${what}: ${seen.missing}`);
      await delay(250);
    }
  } finally {
    progress();
  }
}
