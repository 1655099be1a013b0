/** Shows how far a long step is: each text takes the place of the one before, and none stands for the end. */
export type Progress = (text?: string) => void;

/**
 * Runs a command's work, then whatever it deferred to `cleanup`, also when it fails or is interrupted, and ends the
 * process: with the status that the work returns, 1 where it throws (the message is shown), 128 and the signal's number where one interrupts it, such as Ctrl-C.
 */
export async function runCommand(work: (cleanup: AsyncDisposableStack) => Promise<number>): Promise<never> {
  const cleanup = new AsyncDisposableStack();
  const interrupted = new Promise<number>((resolve) => {
    for (const [signal, status] of Object.entries({ SIGHUP: 129, SIGINT: 130, SIGQUIT: 131, SIGTERM: 143 })) {
      process.on(signal, () => resolve(status));
    }
    // Whoever reads the output has gone.
    process.stdout.on('error', () => resolve(141));
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
      const line = text === undefined ? '' : `  ${second} s: ${text}`.slice(0, (process.stderr.columns || 80) - 1);
      process.stderr.write(`\r\x1b[K${line}`);
      return;
    }
    if (text === undefined) return;
    const [step = ''] = text.split(':');
    if (step === shown.step && second < shown.second + 10) return;
    shown = { step, second };
    process.stderr.write(`  ${second} s: ${text}\n`);
  };
}
