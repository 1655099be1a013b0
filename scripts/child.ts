import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A program that runs until it is stopped. */
export interface Child {
  /** Waits for a line of its output that `find` finds something in; throws with the output's end if it ends before. */
  waitFor<T>(find: (line: string) => T | undefined): Promise<T>;
  /** Throws with its output's end once it has ended; never resolves. */
  failure: Promise<never>;
}

const keptLines = 40;

/**
 * Starts a program, and stops it with `cleanup`: SIGTERM, SIGKILL after 10 s. It is in a process group of its own, so that
 * Ctrl-C reaches us alone and what we started is stopped in order. `onLine` gets each line of its output.
 */
export function startChild(
  command: string,
  args: string[],
  {
    cleanup,
    env = process.env,
    onLine = () => {},
  }: { cleanup: AsyncDisposableStack; env?: NodeJS.ProcessEnv; onLine?: (line: string) => void },
): Child {
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  cleanup.defer(() => stop(child));
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const lines: string[] = [];
  const listeners = new Set([onLine]);
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on('line', (line) => {
      lines.push(line);
      if (lines.length > keptLines) lines.shift();
      for (const listener of listeners) listener(line);
    });
  }
  const failure = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      process.removeListener('exit', kill);
      reject(new Error(`${command} ended (${signal ?? code}):\n${lines.join('\n')}`));
    });
  });
  failure.catch(() => {});
  return {
    waitFor: (find) => {
      const found = new Promise<NonNullable<ReturnType<typeof find>>>((resolve) => {
        const listener = (line: string) => {
          const result = find(line);
          if (result === undefined || result === null) return;
          listeners.delete(listener);
          resolve(result);
        };
        listeners.add(listener);
      });
      return Promise.race([found, failure]);
    },
    failure,
  };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const closed = once(child, 'close');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await closed;
  clearTimeout(timer);
}
