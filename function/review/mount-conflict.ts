import type { V1PodSpec, V1Volume, V1VolumeMount } from '@kubernetes/client-node';
import type { AnyContainer } from './mount.ts';
import type { NamedVolumes } from './named-volumes.ts';
import { type Mounted, nestingConflict } from './nesting.ts';
import { isInside, normalPath, relationOf } from './path.ts';
import { isAsDeclared } from './volume-comparison.ts';

/** What else a Pod has, or gets, that may be mounted in a container. */
export interface PodContext {
  spec: V1PodSpec;
  /** What the Pod has by now, by name. */
  volumes: NamedVolumes;
  /** The volumes of all injections that select the Pod, by name. */
  injected: NamedVolumes;
  isEphemeral: boolean;
}

/**
 * What is in the way of a mount in a container, in words that follow its path, or undefined where nothing is: a mount
 * or a block device at the same path; one inside ours, or ours inside it, where a node cannot do that; and what no Pod
 * spells out, the termination message and a ServiceAccount's token that admission has yet to mount.
 */
export function conflictInContainer(
  container: AnyContainer,
  mount: V1VolumeMount,
  pod: PodContext,
): string | undefined {
  const path = normalPath(mount.mountPath);
  // The mounts last: ours are appended to them, and a second review has to give the same reason.
  const implied = impliedConflict(container, mount, path, pod);
  if (implied) return implied;
  for (const { name, devicePath } of container.volumeDevices ?? []) {
    const relation = relationOf(path, normalPath(devicePath));
    if (relation === 'same') return `is taken by volume ${name}`;
    if (relation) return `is ${relation} ${normalPath(devicePath)} of volume ${name}, a block device`;
  }
  return volumeConflict(container, mount, path, pod);
}

function volumeConflict(
  container: AnyContainer,
  mount: V1VolumeMount,
  path: string,
  pod: PodContext,
): string | undefined {
  for (const other of container.volumeMounts ?? []) {
    // Nearly all are apart, which is quickly seen.
    const otherPath = normalPath(other.mountPath);
    if (!relationOf(path, otherPath)) continue;
    const conflict = mountConflict(mount, other, (name) => volumeNamed(pod, name));
    if (conflict && !isBridged(container, path, otherPath, pod)) return conflict;
  }
  return undefined;
}

/**
 * Why two mounts cannot be in one container, in words that follow the path of the first; undefined where they can.
 * `owner` is what has the other, by default its volume.
 */
export function mountConflict(
  mount: V1VolumeMount,
  other: V1VolumeMount,
  volumeOf: (name: string) => V1Volume | undefined,
  owner?: string,
): string | undefined {
  const otherPath = normalPath(other.mountPath);
  const relation = relationOf(normalPath(mount.mountPath), otherPath);
  if (!relation) return undefined;
  const theirs = owner ?? `volume ${other.name}`;
  if (relation === 'same')
    return `is taken by ${theirs}${hasSameFiles(mount, other, volumeOf) ? ', which has the same source' : ''}`;
  const mounted = (one: V1VolumeMount): Mounted => ({ volume: volumeOf(one.name), mount: one });
  if (relation === 'inside') {
    const reason = nestingConflict(mounted(other), mounted(mount));
    return reason && `is inside ${otherPath} of ${theirs}, which ${reason}`;
  }
  const reason = nestingConflict(mounted(mount), mounted(other));
  return reason && `${reason}, and is around ${otherPath} of ${theirs}`;
}

/** Whether two mounts show the same of volumes that differ by their names alone. */
function hasSameFiles(
  { name, subPath = '', subPathExpr = '' }: V1VolumeMount,
  other: V1VolumeMount,
  volumeOf: (name: string) => V1Volume | undefined,
): boolean {
  const [ours, theirs] = [volumeOf(name), volumeOf(other.name)];
  const isSamePart = subPath === (other.subPath ?? '') && subPathExpr === (other.subPathExpr ?? '');
  return (
    isSamePart &&
    name !== other.name &&
    ours !== undefined &&
    isAsDeclared({ ...ours, name: other.name }, theirs, 'volume')
  );
}

function volumeNamed({ volumes, injected }: PodContext, name: string): V1Volume | undefined {
  return volumes.get(name) ?? injected.get(name);
}

/**
 * Whether a mount of the Pod's own lies between two paths, so that the inner is mounted in that one. Injected ones do
 * not count: they may come later, and what was skipped without them has to be skipped with them as well.
 */
function isBridged({ volumeMounts }: AnyContainer, one: string, other: string, { injected }: PodContext): boolean {
  const [outer, inner] = one.length < other.length ? [one, other] : [other, one];
  return (volumeMounts ?? []).some(({ name, mountPath }) => {
    const path = normalPath(mountPath);
    return isInside(path, outer) && isInside(inner, path) && !injected.get(name);
  });
}

/** A mount that the Pod does not spell out; its volume's name says what it is. */
interface ImpliedMount {
  volume: V1Volume;
  mount: V1VolumeMount;
}

function impliedMount(name: string, mountPath: string, source: Omit<V1Volume, 'name'>): ImpliedMount {
  return { volume: { name, ...source }, mount: { name, mountPath } };
}

/** A file that the kubelet mounts into each container (k8s.io/kubernetes pkg/kubelet/kuberuntime makeMounts). */
function messageAt(path: string): ImpliedMount {
  return impliedMount('the termination message', path, { hostPath: { path, type: 'File' } });
}

/** What admission mounts into each container that has nothing there (k8s.io/kubernetes plugin/pkg/admission/serviceaccount). */
const token = impliedMount("the ServiceAccount's token", '/var/run/secrets/kubernetes.io/serviceaccount', {
  projected: { sources: [] },
});

function impliedConflict(
  container: AnyContainer,
  mount: V1VolumeMount,
  path: string,
  pod: PodContext,
): string | undefined {
  const conflictWith = ({ volume, mount: other }: ImpliedMount) =>
    mountConflict(mount, other, (name) => (name === volume.name ? volume : volumeNamed(pod, name)), volume.name);
  const messagePath = normalPath(container.terminationMessagePath || '/dev/termination-log');
  if (relationOf(path, messagePath)) {
    const conflict = conflictWith(messageAt(messagePath));
    if (conflict) return conflict;
  }
  const isNearToken = relationOf(path, token.mount.mountPath) && awaitsToken(container, pod);
  return isNearToken ? conflictWith(token) : undefined;
}

/** Admission has seen the Pod already, but not what webhooks have added since: it comes by again afterwards. */
function awaitsToken({ volumeMounts }: AnyContainer, { spec, isEphemeral }: PodContext): boolean {
  if (isEphemeral || spec.automountServiceAccountToken === false) return false;
  return !(volumeMounts ?? []).some(({ mountPath }) => mountPath === token.mount.mountPath);
}
