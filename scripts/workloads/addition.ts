import type { Operation } from 'fast-json-patch';
import { pointerKeys } from '../../function/review/patch.ts';
import type { Path } from '../kubernetes/manifest.ts';

/** What is put into a list that is there, at its end, or into a map that is there. */
export interface Addition {
  parent: Path;
  entries: unknown[] | Record<string, unknown>;
}

/**
 * What a Pod's patch means for the object that the Pod is made of, whose metadata and spec are at `path`: the object with
 * it, and what is added to each list and map that it had. A workload's template may lack what its Pods have, such as the
 * volumes of a StatefulSet's claims: lists and maps that are missing are made, and what is added to a list comes last.
 */
export function withPatch<T>(object: T, path: Path, patch: readonly Operation[]): { object: T; additions: Addition[] } {
  const changed = structuredClone(object);
  const additions = new Map<unknown, Addition>();
  const made = new Set<unknown>();
  for (const operation of patch) {
    // Verified to be one of these.
    if (operation.op !== 'add' && operation.op !== 'replace') continue;
    const whole = [...path, ...pointerKeys(operation.path)];
    const { node, depth } = deepest(changed, whole);
    const value = wrapped(whole, depth + 1, structuredClone(operation.value));
    made.add(value);
    put(node, whole[depth], value);
    // In what was made before, it is in that addition by now.
    if (made.has(node)) continue;
    const addition = additions.get(node) ?? { parent: whole.slice(0, depth), entries: Array.isArray(node) ? [] : {} };
    additions.set(node, addition);
    put(addition.entries, whole[depth], value);
  }
  return { object: changed, additions: [...additions.values()] };
}

/** The list or map that is there nearest to what a path leads to, and how many keys lead to it. */
function deepest(root: unknown, path: Path): { node: unknown; depth: number } {
  let node = root;
  let depth = 0;
  for (const last = path.length - 1; depth < last; depth++) {
    const child = (node as Record<string, unknown>)[path[depth] ?? ''];
    if (child === undefined || child === null) break;
    node = child;
  }
  return { node, depth };
}

/** A value in the maps and lists that a path leads through from `depth` on. Of lists, only that of volumes may be missing. */
function wrapped(path: Path, depth: number, value: unknown): unknown {
  if (depth >= path.length) return value;
  const inner = wrapped(path, depth + 1, value);
  return path[depth - 1] === 'volumes' ? [inner] : { [String(path[depth])]: inner };
}

function put(node: unknown, key: string | number | undefined, value: unknown): void {
  if (Array.isArray(node)) node.push(value);
  else (node as Record<string, unknown>)[String(key)] = value;
}
