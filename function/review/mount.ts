import type { V1Container, V1EphemeralContainer, V1VolumeMount } from '@kubernetes/client-node';
import { normalPath } from './path.ts';
import { isAsDeclared } from './volume-comparison.ts';

export type AnyContainer = V1Container | V1EphemeralContainer;

/**
 * Whether a container already has this mount, as the API server stores it: the same of the volume at the same path. The
 * files are there whether or not it is read-only, as a webhook of another kind, or the Pod's author, may have left it out.
 */
export function hasMount(container: AnyContainer, mount: V1VolumeMount): boolean {
  const declared = normalMount(mount);
  // The name alone first: of ten mounts nine are another volume's, and to normalize them all took a tenth of a review.
  return (container.volumeMounts ?? []).some(
    (other) => other.name === mount.name && isAsDeclared(declared, normalMount(other), 'volumeMount'),
  );
}

function normalMount({ readOnly: _, ...mount }: V1VolumeMount): V1VolumeMount {
  return { ...mount, mountPath: normalPath(mount.mountPath) };
}
