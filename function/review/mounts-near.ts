import type { V1VolumeMount } from '@kubernetes/client-node';
import type { AnyContainer } from './mount.ts';
import { normalPath } from './path.ts';
import { few, PathIndex } from './path-index.ts';

type Mounts = readonly V1VolumeMount[];

/** Of each list of many mounts its index, for as long as a review has the list. */
const indexes = new WeakMap<Mounts, PathIndex<V1VolumeMount>>();

/** A container with those of its mounts alone that may have to do with one at this path; of few mounts, with all. */
export function withMountsNear<C extends AnyContainer>(container: C, mountPath: string): C {
  const { volumeMounts } = container;
  if (!volumeMounts || volumeMounts.length <= few) return container;
  const index = indexes.get(volumeMounts) ?? indexOf(volumeMounts);
  indexes.set(volumeMounts, index);
  return { ...container, volumeMounts: index.near(normalPath(mountPath)) };
}

/** A container with one mount more. */
export function withMount<C extends AnyContainer>(container: C, mount: V1VolumeMount): C {
  const { volumeMounts = [] } = container;
  const more = [...(volumeMounts ?? []), mount];
  const index = volumeMounts ? indexes.get(volumeMounts) : undefined;
  if (index) {
    // It is of one list only: the longer one is gone on with.
    indexes.delete(volumeMounts);
    index.add(normalPath(mount.mountPath), mount);
    indexes.set(more, index);
  }
  return { ...container, volumeMounts: more };
}

function indexOf(mounts: Mounts): PathIndex<V1VolumeMount> {
  const index = new PathIndex<V1VolumeMount>();
  for (const mount of mounts) index.add(normalPath(mount.mountPath), mount);
  return index;
}
