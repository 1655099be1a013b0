import { constants } from 'node:os';
import { exitStatus, UsageError } from './exit-status.ts';
import { printError } from './output.ts';

/**
 * Runs a command's work, then whatever it deferred to `cleanup`, also when it fails or is interrupted, and ends the
 * process: with the status that the work returns; with 1 where it throws, or 2 where that is a UsageError (the message
 * is shown); with 128 and the signal's number where a signal interrupts it, such as Ctrl-C.
 */
export async function runCommand(work: (cleanup: AsyncDisposableStack) => Promise<number>): Promise<never> {
  const cleanup = new AsyncDisposableStack();
  const interrupted = new Promise<number>((resolve) => {
    for (const signal of ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const) {
      process.on(signal, () => resolve(128 + constants.signals[signal]));
    }
    process.stdout.on('error', () => resolve(exitStatus.outputClosed));
  });
  let status: number = exitStatus.failed;
  try {
    status = await Promise.race([work(cleanup), interrupted]);
  } catch (error) {
    const isUsageError = error instanceof UsageError;
    if (isUsageError) status = exitStatus.usage;
    printError(`${isUsageError ? 'error: ' : ''}${messageOf(error as NodeJS.ErrnoException)}`);
  }
  await cleanup.disposeAsync();
  await Promise.all([process.stdout, process.stderr].map(written));
  process.exit(status);
}

function messageOf({ code, syscall, path, message }: NodeJS.ErrnoException): string {
  return code === 'ENOENT' && syscall === 'open' ? `${path} not found` : message;
}

/** Once a stream's reader has taken all of it, or has gone: what a pipe has no room for is lost where a process exits. */
function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()));
}
