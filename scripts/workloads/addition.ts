import type { Operation } from 'fast-json-patch';
import { pointerKeys } from '../../function/review/patch.ts';
import type { Path } from '../kubernetes/manifest.ts';

/** A value that is put into an object: at a key of a map that is there or, without a key, at the end of a list that is. */
export interface Addition {
  parent: Path;
  key?: string;
  value: unknown;
}

/**
 * What a Pod's patch means for the object that the Pod is made of, whose metadata and spec are at `path`: the object with
 * it, and each addition. A workload's template may lack what its Pods have, such as the volumes of a StatefulSet's
 * claims; the maps and lists that are missing are made, and what is added to a list comes at its end.
 */
export function withPatch<T>(object: T, path: Path, patch: readonly Operation[]): { object: T; additions: Addition[] } {
  const changed = structuredClone(object);
  const additions: Addition[] = [];
  for (const operation of patch) {
    // Verified to be one of these.
    if (operation.op !== 'add' && operation.op !== 'replace') continue;
    const addition = additionAt(changed, [...path, ...pointerKeys(operation.path)], operation.value);
    put(changed, addition);
    additions.push(addition);
  }
  return { object: changed, additions };
}

function additionAt(root: unknown, path: Path, value: unknown): Addition {
  let node = root;
  let depth = 0;
  for (const last = path.length - 1; depth < last; depth++) {
    const child = childOf(node, path[depth]);
    if (child === undefined || child === null) break;
    node = child;
  }
  const parent = path.slice(0, depth);
  const wrapped = wrap(path, depth + 1, value);
  return Array.isArray(node) ? { parent, value: wrapped } : { parent, key: String(path[depth]), value: wrapped };
}

/** The value in the maps and lists that the path leads through from `depth` on. Of lists, only that of volumes may be missing. */
function wrap(path: Path, depth: number, value: unknown): unknown {
  if (depth >= path.length) return value;
  const inner = wrap(path, depth + 1, value);
  return path[depth - 1] === 'volumes' ? [inner] : { [String(path[depth])]: inner };
}

function put(root: unknown, { parent, key, value }: Addition): void {
  const node = parent.reduce(childOf, root);
  // Later additions to it are not to change the operation.
  const own = structuredClone(value);
  if (Array.isArray(node)) node.push(own);
  else (node as Record<string, unknown>)[key ?? ''] = own;
}

function childOf(node: unknown, key: string | number | undefined): unknown {
  return (node as Record<string, unknown>)[key ?? ''];
}
