import type { V1Volume } from '@kubernetes/client-node';
import type { DeclaredInjection } from '../review/injection.ts';
import { selectedKeys } from '../review/selector.ts';
import { isAsDeclared } from '../review/volume-comparison.ts';
import { conflictingMountProblems } from './conflicting-mounts.ts';
import { conflictingVariableProblems, laterVariableProblems } from './conflicting-variables.ts';
import type { Problem } from './schema.ts';

type Declared = Partial<DeclaredInjection>;

/**
 * What is wrong with injections beside one another, in a time that grows as their number does: no two are compared that
 * have nothing in common. Paths are from the file. Fields may be missing, since those that are misshapen are reported
 * elsewhere.
 */
export function conflictProblems(all: readonly Declared[]): Problem[] {
  return [
    ...nameProblems(all),
    ...volumeNameProblems(all),
    ...conflictingVariableProblems(all),
    ...conflictingMountProblems(all),
    ...laterVariableProblems(all),
    ...selectedLabelProblems(all),
  ];
}

function nameProblems(all: readonly Declared[]): Problem[] {
  const seen = new Set<string>();
  return all.flatMap(({ name }, index): Problem[] => {
    if (name === undefined) return [];
    const message = `must be unique: an earlier injection is called ${name} too`;
    const isTaken = seen.has(name);
    seen.add(name);
    return isTaken ? [{ path: ['injections', index, 'name'], message }] : [];
  });
}

function volumeNameProblems(all: readonly Declared[]): Problem[] {
  const first = new Map<string, { volume: V1Volume; injection: string | undefined }>();
  return all.flatMap(({ name: injection, volume }, index): Problem[] => {
    if (!volume?.name) return [];
    const earlier = first.get(volume.name);
    if (!earlier) first.set(volume.name, { volume, injection });
    if (!earlier || isSameVolume(volume, earlier.volume)) return [];
    const message = `must have the source it has in injection ${earlier.injection}, or another name than ${volume.name}`;
    return [{ path: ['injections', index, 'volume'], message }];
  });
}

function isSameVolume(one: V1Volume, other: V1Volume): boolean {
  return isAsDeclared(one, other, 'volume') && isAsDeclared(other, one, 'volume');
}

/** Selected, or no longer selected, by what injections set, an injection would depend on how often the API server calls. */
function selectedLabelProblems(all: readonly Declared[]): Problem[] {
  const setters = new Map(
    all.flatMap(({ name, labels = {} }) => Object.keys(labels).map((key) => [key, name] as const)).reverse(),
  );
  return all.flatMap(({ selector = {} }, index) =>
    selectedKeys(selector)
      .filter((key) => setters.has(key))
      .map((key) => ({
        path: ['injections', index, 'selector'],
        message: `must not look at label ${key}, which injection ${setters.get(key)} sets`,
      })),
  );
}
