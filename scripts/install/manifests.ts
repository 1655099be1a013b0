import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file or folder of the project's manifests, by its path below them. The bundled program has them in the same place. */
export function manifestPath(path: string): string {
  return fileURLToPath(new URL(`../../manifests/${path}`, import.meta.url));
}

/** The same as it is typed in the current directory, which need not be the project's. */
export function relativeManifestPath(path: string): string {
  return relative('.', manifestPath(path));
}
