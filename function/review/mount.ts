import { posix } from 'node:path';
import type { V1Container, V1EphemeralContainer, V1VolumeMount } from '@kubernetes/client-node';
import { isAsDeclared } from './volume-comparison.ts';

export type AnyContainer = V1Container | V1EphemeralContainer;

/** Whether a container already has this very mount, as the API server stores it. */
export function hasMount(container: AnyContainer, mount: V1VolumeMount): boolean {
  const declared = normalMount(mount);
  // The name alone first: of ten mounts nine are another volume's, and to normalize them all took a tenth of a review.
  return (container.volumeMounts ?? []).some(
    (other) => other.name === mount.name && isAsDeclared(declared, normalMount(other), 'volumeMount'),
  );
}

/**
 * What is in the way of a mount in a container, in words that follow its path, or undefined where nothing is.
 * In the way is a mount or a block device whose path is the same, holds ours or lies in ours: the container runtime
 * mounts one after the other, so the later would hide the earlier, or find no place to be mounted on.
 */
export function obstacle(container: AnyContainer, mount: V1VolumeMount): string | undefined {
  const path = normalPath(mount.mountPath);
  for (const { name, mountPath } of container.volumeMounts ?? []) {
    const clash = clashOf(path, normalPath(mountPath), name);
    if (clash) return clash;
  }
  for (const { name, devicePath } of container.volumeDevices ?? []) {
    const clash = clashOf(path, normalPath(devicePath), name);
    if (clash) return clash;
  }
  return undefined;
}

function clashOf(path: string, other: string, volume: string): string | undefined {
  if (path === other) return `is taken by volume ${volume}`;
  if (holds(other, path)) return `is inside ${other} of volume ${volume}`;
  if (holds(path, other)) return `is around ${other} of volume ${volume}`;
  return undefined;
}

/**
 * A path in a container as the kubelet takes it: `//etc/config/` is `/etc/config`, and so is `etc/config`
 * (k8s.io/kubernetes pkg/volume/util MakeAbsolutePath).
 */
export function normalPath(path: string): string {
  // Nearly all are normal already, and to see that takes a fifth of the time.
  if (path.startsWith('/') && !/\/[./]|\/$/.test(path)) return path;
  const normal = posix.normalize(`/${path}`);
  return normal !== '/' && normal.endsWith('/') ? normal.slice(0, -1) : normal;
}

function holds(folder: string, path: string): boolean {
  return folder === '/' || (path.startsWith(folder) && path[folder.length] === '/');
}

function normalMount(mount: V1VolumeMount): V1VolumeMount {
  return { ...mount, mountPath: normalPath(mount.mountPath) };
}
