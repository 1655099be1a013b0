import { fileURLToPath } from 'node:url';

/** A file or folder of the project's manifests, by its path below them. The bundled program has them in the same place. */
export function manifestPath(path = ''): string {
  return fileURLToPath(new URL(`../../manifests/${path}`, import.meta.url));
}
