/** Shows how far a long step is; each text takes the place of the one before. */
export type Progress = (text: string) => void;

/**
 * Runs a command's work, then whatever it deferred to `cleanup`, also when it fails or is interrupted, and ends the
 * process: with the status that the work returns, 1 where it throws (the message is shown), 130 on Ctrl-C, 143 on SIGTERM.
 */
export async function runCommand(work: (cleanup: AsyncDisposableStack) => Promise<number>): Promise<never> {
  const cleanup = new AsyncDisposableStack();
  const interrupted = new Promise<number>((resolve) => {
    process.on('SIGINT', () => resolve(130)).on('SIGTERM', () => resolve(143));
  });
  let status = 1;
  try {
    status = await Promise.race([work(cleanup), interrupted]);
  } catch (error) {
    console.error((error as Error).message);
  }
  await cleanup.disposeAsync();
  process.exit(status);
}

/** Progress on stderr: one line that changes on a terminal, elsewhere a line every ten seconds and at each new step. */
export function createProgress(): Progress {
  const started = Date.now();
  let shown = { step: '', second: Number.NEGATIVE_INFINITY };
  return (text) => {
    const second = Math.round((Date.now() - started) / 1000);
    if (process.stderr.isTTY) {
      process.stderr.write(`\r\x1b[K  ${second} s: ${text}`.slice(0, process.stderr.columns ?? 100));
      return;
    }
    const [step = ''] = text.split(':');
    if (step === shown.step && second < shown.second + 10) return;
    shown = { step, second };
    process.stderr.write(`  ${second} s: ${text}\n`);
  };
}
