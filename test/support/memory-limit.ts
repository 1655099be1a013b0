import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the manifest gives to the function's container. */
export const memoryLimit = 256 * 2 ** 20;

/** A memory cgroup of its own with the limit, or undefined where this process may make none. It is removed with `cleanup`. */
export function limitedCgroup(cleanup: AsyncDisposableStack): string | undefined {
  const name = `hello-webhook-test-${process.pid}`;
  const candidates: [directory: string, limits: Record<string, number>][] = [
    [join('/sys/fs/cgroup/memory', name), { 'memory.limit_in_bytes': memoryLimit }],
    [join('/sys/fs/cgroup', name), { 'memory.max': memoryLimit, 'memory.swap.max': 0 }],
  ];
  for (const [directory, limits] of candidates) {
    try {
      mkdirSync(directory);
    } catch {
      continue;
    }
    cleanup.defer(() => removed(directory));
    try {
      // Only what the kernel offers there: a new file would be refused.
      for (const [file, value] of Object.entries(limits))
        writeFileSync(join(directory, file), `${value}`, { flag: 'r+' });
      return directory;
    } catch {}
  }
  return undefined;
}

/** The most memory that a process has had resident so far, in bytes. */
export function peakMemory(pid: number): number {
  const [, kb] = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kb) * 1024;
}

function removed(directory: string): void {
  try {
    rmdirSync(directory);
  } catch (error) {
    console.log(`    ${directory} remains: ${(error as Error).message}`);
  }
}
