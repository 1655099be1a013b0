import type { V1Volume, V1VolumeMount } from '@kubernetes/client-node';
import { cleanPath, isInside, normalPath } from './path.ts';

/** A mount of a container, and the volume that its Pod has for it. */
export interface Mounted {
  volume: V1Volume | undefined;
  mount: V1VolumeMount;
}

/**
 * Why a mount cannot be inside another, as words of which the outer is the subject, or undefined where it can: the
 * container starts, now and after a restart, sees the files of both, and both get their updates.
 *
 * | the outer                                                | a folder inside | a file inside |
 * |----------------------------------------------------------|-----------------|---------------|
 * | configMap, secret, projected, downwardAPI                | works           | not           |
 * | emptyDir, hostPath, persistentVolumeClaim, ephemeral     | works           | works         |
 * | … with readOnly                                          | not             | not           |
 * | image; a part of a configMap and its like, by subPath    | not             | not           |
 *
 * As seen on real nodes: nesting.yaml, which test/e2e/mounts makes. The runtime mounts the shallower path first and
 * makes a mount point for the deeper in it, where it can write; that stays in the volume, empty. In the volumes that it
 * fills itself, which are read-only, the kubelet makes one beforehand, always a folder, at the volume's root, where the
 * one path's text begins with the other's (k8s.io/kubernetes pkg/volume/util/nested_volumes.go).
 * What was not tried, such as csi, counts as not working.
 */
export function nestingConflict(outer: Mounted, inner: Mounted): string | undefined {
  const { volume, mount } = outer;
  if (!volume) return 'is not defined';
  if (isFile(volume)) return 'is a file';
  if (normalPath(mount.mountPath) === '/') return 'replaces the image';
  // The runtime mounts the inner for the node as well, where it stays when the container has ended.
  if (mount.mountPropagation === 'Bidirectional') return 'propagates to the node';
  if (isFilledByKubelet(volume)) return conflictInFilled(mount, inner);
  if (volume.image) return 'is read-only';
  if (!isWritable(volume)) return `may be read-only (${kindOf(volume)})`;
  if (mount.readOnly || volume.persistentVolumeClaim?.readOnly) return 'is read-only';
  // Paths of which one goes through /var/run and the other through /run.
  return depthOf(mount) < depthOf(inner.mount) ? undefined : 'may hide what is inside';
}

function conflictInFilled(outer: V1VolumeMount, inner: Mounted): string | undefined {
  const hasMountPoint = !hasSubPath(outer) && isInside(cleanPath(inner.mount.mountPath), cleanPath(outer.mountPath));
  if (!hasMountPoint) return 'is read-only';
  return isFolder(inner) ? undefined : 'takes folders only';
}

/** Whether what is mounted is certain to be a folder. A subPath may be either, and so may a hostPath without a type. */
export function isFolder({ volume, mount }: Mounted): boolean {
  if (!volume || hasSubPath(mount)) return false;
  return !volume.hostPath || volume.hostPath.type === 'Directory' || volume.hostPath.type === 'DirectoryOrCreate';
}

/** Whether the kubelet writes the files of a volume, and rewrites them when their source changes. */
export function isFilledByKubelet({ configMap, secret, projected, downwardAPI }: V1Volume): boolean {
  return Boolean(configMap ?? secret ?? projected ?? downwardAPI);
}

export function hasSubPath({ subPath, subPathExpr }: V1VolumeMount): boolean {
  return Boolean(subPath || subPathExpr);
}

function isWritable({ emptyDir, hostPath, persistentVolumeClaim, ephemeral }: V1Volume): boolean {
  return Boolean(emptyDir ?? hostPath ?? persistentVolumeClaim ?? ephemeral);
}

const fileTypes: readonly unknown[] = ['File', 'FileOrCreate', 'Socket', 'CharDevice', 'BlockDevice'];

/** Whether a volume is a single file, or a device. */
export function isFile({ hostPath }: V1Volume): boolean {
  return fileTypes.includes(hostPath?.type);
}

function kindOf(volume: V1Volume): string {
  return Object.keys(volume).find((field) => field !== 'name') ?? 'none';
}

/** By which the runtime sorts mounts (github.com/containerd/containerd internal/cri/opts orderedMounts). */
function depthOf({ mountPath }: V1VolumeMount): number {
  return normalPath(mountPath).split('/').length;
}
