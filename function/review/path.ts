import { posix } from 'node:path';

/**
 * A path in a container as the kubelet takes it: `//etc/config/` is `/etc/config`, and so is `etc/config`
 * (k8s.io/kubernetes pkg/volume/util MakeAbsolutePath).
 */
export function normalPath(path: string): string {
  // Nearly all are normal already, and to see that takes a fifth of the time.
  if (path.startsWith('/') && !/\/[./]|\/$/.test(path)) return path;
  return withoutSlash(posix.normalize(`/${path}`));
}

/** A path cleaned, but relative where it was: what the kubelet compares. */
export function cleanPath(path: string): string {
  return withoutSlash(posix.normalize(path));
}

function withoutSlash(path: string): string {
  return path !== '/' && path.endsWith('/') ? path.slice(0, -1) : path;
}

/** Whether a path is below a folder, by their text. */
export function isInside(path: string, folder: string): boolean {
  return path !== folder && (folder === '/' || (path.startsWith(folder) && path[folder.length] === '/'));
}

/** How one normal path lies to another, or undefined where they are apart. `/var/run` is `/run`, as in most images. */
export function relationOf(path: string, other: string): 'same' | 'inside' | 'around' | undefined {
  const relation = textualRelation(path, other);
  if (relation || !(isRun(path) || isRun(other))) return relation;
  return textualRelation(linkedPath(path), linkedPath(other));
}

function textualRelation(path: string, other: string): ReturnType<typeof relationOf> {
  if (path === other) return 'same';
  if (isInside(path, other)) return 'inside';
  return isInside(other, path) ? 'around' : undefined;
}

function isRun(path: string): boolean {
  return path[1] === 'v' && path.startsWith('/var/run') && (path.length === 8 || path[8] === '/');
}

/** A path through `/var/run` as the one through `/run` that it is in most images; any other as it is. */
export function linkedPath(path: string): string {
  return isRun(path) ? path.slice('/var'.length) : path;
}
