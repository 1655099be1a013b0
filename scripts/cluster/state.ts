import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** All that a node writes is below this directory: `etc`, its configuration, `log`, and `var`, its /var. One node at a time on a machine. */
export const stateDirectory = '/var/lib/hello-webhook-cluster';

/** The cgroup that a node's Pods are in, below those of the machine. */
export const cgroup = 'hello-webhook-cluster';

/** The ids of the processes that a node consists of: the command that brought it up, and the one that its namespaces live by. */
type Recorded = 'command' | 'node';

/**
 * Makes the state directory, which goes with `cleanup`, after what an earlier node left that was cut off. Throws where
 * such a node still runs.
 */
export async function createState(cleanup: AsyncDisposableStack): Promise<void> {
  const command = runningProcess('command');
  if (command !== undefined) {
    throw new Error(`a cluster is up already: stop it first, by Ctrl-C or kill -INT ${command}`);
  }
  await removeState();
  let isOurs = false;
  cleanup.defer(async () => {
    if (isOurs) await removeState();
  });
  mkdirSync(stateDirectory);
  isOurs = true;
  for (const name of ['etc', 'log', 'var', 'var/log', 'var/tmp']) mkdirSync(join(stateDirectory, name));
  record('command', process.pid);
  for (const directory of cgroupHierarchies()) mkdirSync(join(directory, cgroup), { recursive: true });
}

/** Records a process, to be ended by its id should the node be cut off. */
export function record(process: Recorded, pid: number): void {
  writeFileSync(recordOf(process), `${pid} ${startTime(pid)}`);
}

/** Ends the node, at once and with all of its processes, mounts and interfaces, and removes what it has written. */
async function removeState(): Promise<void> {
  const node = runningProcess('node');
  if (node !== undefined) process.kill(node, 'SIGKILL');
  while (runningProcess('node') !== undefined) await delay(50);
  await removeCgroups();
  rmSync(stateDirectory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
}

/** The kernel takes a moment to empty the cgroups of processes that were killed. */
async function removeCgroups(): Promise<void> {
  for (const attempt of Array(50).keys()) {
    try {
      for (const directory of cgroupHierarchies()) removeCgroup(join(directory, cgroup));
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EBUSY' || attempt === 49) throw error;
      await delay(100);
    }
  }
}

/** A cgroup's files cannot be removed, only the directories of those that are empty, from the innermost. */
function removeCgroup(directory: string): void {
  if (!existsSync(directory)) return;
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) removeCgroup(join(directory, entry.name));
  }
  rmdirSync(directory);
}

/** Where cgroups are made: one directory in cgroup v2, one for each controller in v1. */
export function cgroupHierarchies(): string[] {
  const root = '/sys/fs/cgroup';
  return existsSync(`${root}/cgroup.controllers`) ? [root] : globSync(`${root}/*/`);
}

/** The id of a recorded process that still runs; another one may have got its id since. */
function runningProcess(process: Recorded): number | undefined {
  const [pid, started] = read(recordOf(process))?.split(' ') ?? [];
  return pid !== undefined && startTime(Number(pid)) === started ? Number(pid) : undefined;
}

/** When a process started, in clock ticks since the machine did; undefined where it has ended. */
function startTime(pid: number): string | undefined {
  // The fields after the name, which may hold spaces and parentheses: the state is the first, the start time the 20th.
  const fields = read(`/proc/${pid}/stat`)
    ?.replace(/^.*\) /s, '')
    .split(' ');
  return fields?.[0] === 'Z' ? undefined : fields?.[19];
}

function recordOf(process: Recorded): string {
  return join(stateDirectory, `${process}.pid`);
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
