import type { V1Pod } from '@kubernetes/client-node';
import jsonpatch, { type Operation } from 'fast-json-patch';

/** The JSONPatch from one Pod to the other. A null that gets a value counts as absent: that is an `add` too. */
export function derivePatch(pod: V1Pod, injected: V1Pod): Operation[] {
  return jsonpatch
    .compare(pod, injected)
    .map((operation) =>
      operation.op === 'replace' && jsonpatch.getValueByPointer(pod, operation.path) === null
        ? { ...operation, op: 'add' }
        : operation,
    );
}

/**
 * Applies the `add`s and `replace`s of a JSONPatch (RFC 6902) as the API server does: what a path leads through must be
 * there. Only what they change is copied, all the rest is shared, since a copy of the whole document takes a third of a
 * review; neither the document nor the patch is changed. Throws an Error that holds nothing of the document.
 */
export function applyPatch(document: unknown, patch: readonly Operation[]): unknown {
  const root: Node = { '': document };
  const copies = new Set<unknown>([root]);
  for (const operation of patch) {
    let parent: Node = root;
    let key = '';
    for (const next of pointerKeys(operation.path)) {
      const copy = ownCopy(childOf(parent, key), copies);
      parent[key] = copy;
      parent = copy;
      key = next;
    }
    apply(operation, parent, key);
  }
  return root[''];
}

/** An object or a list: in JSON both have children by key. */
type Node = Record<string, unknown>;

/** The keys of a JSON pointer: https://www.rfc-editor.org/rfc/rfc6901 */
export function pointerKeys(pointer: string): string[] {
  const [before, ...keys] = pointer.split('/');
  if (before !== '') throw new Error('a path is no JSON pointer');
  return keys.map((key) => (key.includes('~') ? key.replaceAll('~1', '/').replaceAll('~0', '~') : key));
}

function childOf(parent: Node, key: string): unknown {
  const isThere = Object.hasOwn(parent, key) && (!Array.isArray(parent) || isIndex(key));
  if (!isThere) throw new Error('a path does not exist');
  return parent[key];
}

/** The node, if it is a copy already, or else a copy of it. */
function ownCopy(node: unknown, copies: Set<unknown>): Node {
  if (typeof node !== 'object' || node === null) throw new Error('a path leads through a value');
  if (copies.has(node)) return node as Node;
  const copy = (Array.isArray(node) ? [...node] : { ...node }) as Node;
  copies.add(copy);
  return copy;
}

function apply(operation: Operation, parent: Node, key: string): void {
  if (operation.op === 'add') {
    if (Array.isArray(parent)) insert(parent, key, operation.value);
    else set(parent, key, operation.value);
  } else if (operation.op === 'replace') {
    childOf(parent, key);
    set(parent, key, operation.value);
  } else throw new Error(`operation ${operation.op} is not supported`);
}

function insert(list: unknown[], key: string, value: unknown): void {
  const index = key === '-' ? list.length : Number(key);
  if (!(key === '-' || isIndex(key)) || index > list.length) throw new Error('an array index is out of range');
  list.splice(index, 0, value);
}

/** Also `__proto__` is but a key in JSON. */
function set(parent: Node, key: string, value: unknown): void {
  if (key !== '__proto__') parent[key] = value;
  else Object.defineProperty(parent, key, { value, enumerable: true, writable: true, configurable: true });
}

function isIndex(key: string): boolean {
  return /^(0|[1-9]\d*)$/.test(key);
}
