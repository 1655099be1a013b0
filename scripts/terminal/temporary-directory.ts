import { mkdtempSync, rmSync } from 'node:fs';

/**
 * Makes a directory whose name begins with `prefix`, and removes it with `cleanup`, and once more at the very end: what
 * is interrupted may still write into it meanwhile. Made synchronously, so that no interruption comes in between.
 */
export function temporaryDirectory(prefix: string, cleanup: AsyncDisposableStack): string {
  const directory = mkdtempSync(prefix);
  made.add(directory);
  cleanup.defer(() => {
    try {
      remove(directory);
    } catch {
      // Somebody wrote into it just now: at the end nobody does.
    }
  });
  return directory;
}

const made = new Set<string>();
process.once('exit', () => made.forEach(remove));

function remove(directory: string): void {
  rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
}
