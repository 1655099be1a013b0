import type { V1Volume } from '@kubernetes/client-node';
import { fileVolume } from '../review/files.ts';
import type { DeclaredInjection } from '../review/injection.ts';
import { mountConflict } from '../review/mount-conflict.ts';
import type { Mounted } from '../review/nesting.ts';
import { normalPath } from '../review/path.ts';
import { PathIndex } from '../review/path-index.ts';
import { isAsDeclared } from '../review/volume-comparison.ts';
import { ByInjection } from './overlap.ts';
import type { Problem } from './schema.ts';

type Declared = Partial<DeclaredInjection>;

/** A mount of an injection, and where it stands. */
interface Placed extends Mounted {
  path: Problem['path'];
  injection: string;
  /** The same for the same mount of the same volume. */
  key: string;
}

/** All that is mounted at one path. */
class Place {
  readonly #mounts = new ByInjection<Placed>();
  readonly #keys = new Set<string>();

  add(injection: Declared, mounted: Placed): void {
    this.#mounts.add(injection, mounted);
    this.#keys.add(mounted.key);
  }

  /** The first message about a mount that one container can have beside this one. */
  conflictWith(injection: Declared, mounted: Placed): string | undefined {
    if (this.#keys.size === 1 && this.#keys.has(mounted.key)) return undefined;
    for (const other of this.#mounts.overlapping(injection)) {
      const message = other.key === mounted.key ? undefined : conflictMessage(mounted, other);
      if (message) return message;
    }
    return undefined;
  }
}

/**
 * The mounts that are in conflict with one before them: of the same injection, or of another that can select the same
 * Pods. They would be skipped in every container, or have every Pod refused.
 */
export function conflictingMountProblems(all: readonly Declared[]): Problem[] {
  const index = new PathIndex<Place>();
  const places = new Map<string, Place>();
  const placeAt = (path: string): Place => {
    const there = places.get(path);
    if (there) return there;
    const place = new Place();
    places.set(path, place);
    index.add(path, place);
    return place;
  };
  return all.flatMap((injection, at) =>
    mountsOf(injection).flatMap((mounted): Problem[] => {
      const path = normalPath(mounted.mount.mountPath);
      const message = firstOf(index.near(path), (place) => place.conflictWith(injection, mounted));
      placeAt(path).add(injection, mounted);
      return message === undefined ? [] : [{ path: ['injections', at, ...mounted.path, 'mountPath'], message }];
    }),
  );
}

function firstOf<T, R>(items: Iterable<T>, find: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function conflictMessage(one: Placed, other: Placed): string | undefined {
  const path = normalPath(one.mount.mountPath);
  // The same mount twice is the same file.
  if (isSameMount(one, other)) return undefined;
  const volumeOf = (name: string): V1Volume | undefined => (name === one.mount.name ? one : other).volume;
  const { injection } = other;
  const conflict = mountConflict(one.mount, other.mount, volumeOf, `injection ${injection}`);
  if (!conflict) return undefined;
  const owner = `injection ${injection}, which can select the same Pods`;
  const remedy = 'take another path, or selectors that exclude one another';
  return path === normalPath(other.mount.mountPath)
    ? `must not be the path of ${owner}: ${remedy}`
    : `must not be in conflict with ${owner} (${path} ${conflict}): ${remedy}`;
}

function isSameMount({ mount }: Mounted, { mount: other }: Mounted): boolean {
  const mountPath = normalPath(other.mountPath);
  return isAsDeclared({ ...mount, mountPath: normalPath(mount.mountPath) }, { ...other, mountPath }, 'volumeMount');
}

/** Those at the root are reported elsewhere. */
function mountsOf({ name = '', volume, files, mount, mounts = [] }: Declared): Placed[] {
  const source = files ? fileVolume(name, files) : volume;
  if (!source) return [];
  const declared = [
    ...(mount ? [{ path: ['mount'], one: mount }] : []),
    ...mounts.map((one, index) => ({ path: ['mounts', index], one })),
  ];
  return declared
    .filter(({ one }) => one.mountPath && normalPath(one.mountPath) !== '/')
    .map(({ path, one }) => {
      const named = { ...one, name: source.name };
      const key = JSON.stringify({ ...named, mountPath: normalPath(one.mountPath) });
      return { path, volume: source, mount: named, injection: name, key };
    });
}
