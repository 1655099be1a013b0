import type { V1VolumeMount } from '@kubernetes/client-node';
import type { Injection } from '../review/injection.ts';
import { hasSubPath, isFile, isFilledByKubelet } from '../review/nesting.ts';
import { normalPath } from '../review/path.ts';

/** Folders that images fill: with all below them, or, the more general ones, by themselves. */
const filled =
  /^\/(bin|sbin|lib\w*|usr|boot|etc\/(ssl|pki|ca-certificates|alternatives))(\/|$)|^\/(etc|var|var\/lib|opt|root|home|srv)$/;

/**
 * What may surprise the owner of a sound injection, a line each: a mounted folder hides the files that an image has at
 * its path, and what a subPath mounts never changes in a running container.
 */
export function mountWarnings({ volume, fileAnnotations, mounts }: Injection): string[] {
  if (!volume) return [];
  const warningsOf = (mount: V1VolumeMount): string[] => {
    const path = normalPath(mount.mountPath);
    if (!hasSubPath(mount)) {
      if (!filled.test(path) || isFile(volume)) return [];
      return [`a folder at ${path} hides all that an image has there: mount single files, by subPath`];
    }
    // The text of `files` stays what it was when the Pod was created, however it is mounted.
    if (!isFilledByKubelet(volume) || fileAnnotations) return [];
    return [`${path} is mounted by subPath: a running container never sees the volume's updates`];
  };
  return mounts.flatMap(warningsOf);
}
