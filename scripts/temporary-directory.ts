import { mkdtempSync, rmSync } from 'node:fs';

/**
 * Makes a directory whose name begins with `prefix`, and removes it with `cleanup`. What is still being written into it
 * while we end is removed at the very end.
 */
export function temporaryDirectory(prefix: string, cleanup: AsyncDisposableStack): string {
  const directory = mkdtempSync(prefix);
  const remove = () => rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
  process.once('exit', remove);
  cleanup.defer(() => {
    process.removeListener('exit', remove);
    process.once('exit', remove);
    try {
      remove();
    } catch {
      // Somebody wrote into it just now: at the end nobody does.
    }
  });
  return directory;
}
