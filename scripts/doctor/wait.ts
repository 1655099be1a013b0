import { TimeoutError, waitFor } from '../kubernetes/wait.ts';
import type { Progress } from '../terminal/progress.ts';
import type { Context } from './context.ts';
import { conclude } from './report.ts';
import { type Diagnosis, diagnose } from './run.ts';

/** Runs the checks until nothing is broken, or `timeoutMs` are over; what the last run has found. */
export async function waitUntilNothingIsBroken(
  context: Context,
  { progress, timeoutMs }: { progress: Progress; timeoutMs: number },
): Promise<Diagnosis[]> {
  const look = async () => {
    const findings: Diagnosis[] = [];
    for await (const finding of diagnose(context)) findings.push(finding);
    last = findings;
    const { broken, text } = conclude(findings);
    return broken.length === 0 ? { found: true } : { missing: text };
  };
  let last: Diagnosis[] = [];
  try {
    await waitFor('waiting until nothing is broken', look, { progress, timeoutMs, intervalMs: 2000 });
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
  }
  return last;
}
