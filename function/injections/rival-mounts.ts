import type { V1Volume } from '@kubernetes/client-node';
import { fileVolume } from '../review/files.ts';
import type { DeclaredInjection } from '../review/injection.ts';
import type { Mounted } from '../review/nesting.ts';
import { mountConflict } from '../review/obstacle.ts';
import { normalPath } from '../review/path.ts';
import { isAsDeclared } from '../review/volume-comparison.ts';
import { canOverlap } from './overlap.ts';
import type { Problem } from './schema.ts';

type Declared = Partial<DeclaredInjection>;

/**
 * The mounts that are in conflict with one before them: of the same injection, or of another that can select the same
 * Pods. They would be skipped in every container, or have every Pod refused.
 */
export function rivalMountProblems(injection: Declared, earlier: readonly Declared[]): Problem[] {
  const own = mountsOf(injection);
  const others = earlier
    .filter((other) => canOverlap(injection, other))
    .flatMap((other) => mountsOf(other).map((mounted) => ({ ...mounted, injection: other.name })));
  return own.flatMap((mounted, index): Problem[] => {
    const rivals = [...others, ...own.slice(0, index).map((other) => ({ ...other, injection: injection.name }))];
    const messages = rivals.flatMap((rival) => conflictMessage(mounted, rival, rival.injection) ?? []);
    return messages.slice(0, 1).map((message) => ({ path: [...mounted.path, 'mountPath'], message }));
  });
}

function conflictMessage(one: Mounted, other: Mounted, injection = ''): string | undefined {
  const path = normalPath(one.mount.mountPath);
  // The same mount twice is the same file.
  if (isSameMount(one, other)) return undefined;
  const volumeOf = (name: string): V1Volume | undefined => (name === one.mount.name ? one : other).volume;
  const conflict = mountConflict(one.mount, other.mount, volumeOf, `injection ${injection}`);
  if (!conflict) return undefined;
  const rival = `injection ${injection}, which can select the same Pods`;
  const remedy = 'take another path, or selectors that exclude one another';
  return path === normalPath(other.mount.mountPath)
    ? `must not be the path of ${rival}: ${remedy}`
    : `must not be in conflict with ${rival} (${path} ${conflict}): ${remedy}`;
}

function isSameMount({ mount }: Mounted, { mount: other }: Mounted): boolean {
  const mountPath = normalPath(other.mountPath);
  return isAsDeclared({ ...mount, mountPath: normalPath(mount.mountPath) }, { ...other, mountPath }, 'volumeMount');
}

/** Those at the root are reported elsewhere. */
function mountsOf({ name = '', volume, files, mount, mounts = [] }: Declared): (Mounted & { path: Problem['path'] })[] {
  const source = files ? fileVolume(name, files) : volume;
  if (!source) return [];
  const declared = [
    ...(mount ? [{ path: ['mount'], one: mount }] : []),
    ...mounts.map((one, index) => ({ path: ['mounts', index], one })),
  ];
  return declared
    .filter(({ one }) => one.mountPath && normalPath(one.mountPath) !== '/')
    .map(({ path, one }) => ({ path, volume: source, mount: { ...one, name: source.name } }));
}
