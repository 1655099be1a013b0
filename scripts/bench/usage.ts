import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Running } from './subjects.ts';

/** What a process has used by now. */
export interface Usage {
  cpuMs: number;
  rssMb: number;
  /** The most that was resident at once so far. */
  peakMb: number;
  /** Read from disk, not from the page cache. */
  readMb: number;
}

/** From /proc, which Linux alone has; NaN elsewhere. */
export function usageOf({ child }: Running): Usage {
  try {
    const read = (...path: string[]) => readFileSync(join('/proc', String(child.pid), ...path), 'utf8');
    const field = (file: string, name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(read(file))?.[1]);
    const threads = readdirSync(`/proc/${child.pid}/task`);
    const cpuNs = threads.reduce((sum, id) => sum + Number(read('task', id, 'schedstat').split(' ')[0]), 0);
    return {
      cpuMs: cpuNs / 1e6,
      rssMb: field('status', 'VmRSS') / 1024,
      peakMb: field('status', 'VmHWM') / 1024,
      readMb: field('io', 'read_bytes') / 2 ** 20,
    };
  } catch {
    return { cpuMs: Number.NaN, rssMb: Number.NaN, peakMb: Number.NaN, readMb: Number.NaN };
  }
}
