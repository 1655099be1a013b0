import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A program that runs until it is stopped. */
export interface Child {
  /** Undefined where it could not be started. */
  pid: number | undefined;
  /** The lines of its output so far, of stdout and stderr. */
  lines: readonly string[];
  /** Waits for a line, if it has not come yet, that `find` finds something in. Throws with the output's end if the program ends before. */
  waitFor<T>(find: (line: string) => T | undefined): Promise<T>;
  /** Rejects with the output's end once the program has ended; never resolves. */
  failure: Promise<never>;
  signal(signal: NodeJS.Signals): void;
  /** Its exit status, once it has ended; null where a signal ended it. */
  exit: Promise<number | null>;
}

/**
 * Starts a program, and stops it with `cleanup`: SIGTERM, SIGKILL after 10 s. It is in a process group of its own, so that
 * Ctrl-C reaches us alone and what we started is stopped in order.
 */
export function startChild(
  command: string,
  args: string[],
  { cleanup, env = process.env, cwd }: { cleanup: AsyncDisposableStack; env?: NodeJS.ProcessEnv; cwd?: string },
): Child {
  const child = spawn(command, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  running.add(child);
  child.once('close', () => running.delete(child));
  cleanup.defer(() => stop(child));
  const lines: string[] = [];
  const listeners = new Set<(line: string) => void>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on('line', (line) => {
      lines.push(line);
      for (const listener of listeners) listener(line);
    });
  }
  const exit = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  const failure = exit.then((status) => {
    throw new Error(`${command} ended with ${status}:\n${lines.slice(-20).join('\n')}`);
  });
  failure.catch(() => {});
  return {
    pid: child.pid,
    lines,
    waitFor: (find) => Promise.race([found(lines, listeners, find), failure]),
    failure,
    signal: (signal) => child.kill(signal),
    exit,
  };
}

/** What still runs when the process ends without a cleanup is killed. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

function found<T>(
  lines: readonly string[],
  listeners: Set<(line: string) => void>,
  find: (line: string) => T | undefined,
): Promise<T> {
  return new Promise((resolve) => {
    const listener = (line: string) => {
      const result = find(line);
      if (result === undefined) return;
      listeners.delete(listener);
      resolve(result);
    };
    listeners.add(listener);
    lines.forEach(listener);
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const closed = once(child, 'close');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await closed;
  clearTimeout(timer);
}
