/**
 * Applies a JSONPatch strictly by RFC 6902, and shares no code with the library under test: a path must exist as the RFC
 * demands, nothing is created on the way, and operations that the webhook never sends are errors.
 */
export function applyStrictly<T>(document: T, patch: readonly { op: string; path: string; value?: unknown }[]): T {
  const root = { '': structuredClone(document) as unknown };
  for (const { op, path, value } of patch) {
    const keys = ['', ...pointerKeys(path)];
    const last = keys.pop() ?? '';
    const parent = keys.reduce<unknown>((node, key) => child(node, key, path), root);
    if (op === 'add') add(parent, last, structuredClone(value), path);
    else if (op === 'replace') replace(parent, last, structuredClone(value), path);
    else throw new Error(`operation ${op} at ${path}`);
  }
  return root[''] as T;
}

/** RFC 6901 */
function pointerKeys(pointer: string): string[] {
  if (pointer === '') return [];
  if (!pointer.startsWith('/') || /~(?![01])/.test(pointer)) throw new Error(`no JSON pointer: ${pointer}`);
  return pointer
    .slice(1)
    .split('/')
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function child(node: unknown, key: string, path: string): unknown {
  if (Array.isArray(node) && isIndex(key) && Number(key) < node.length) return node[Number(key)];
  if (isObject(node) && Object.hasOwn(node, key)) return node[key];
  throw new Error(`nothing at ${key} of ${path}`);
}

function add(parent: unknown, key: string, value: unknown, path: string): void {
  if (Array.isArray(parent)) {
    const index = key === '-' ? parent.length : Number(key);
    if (key !== '-' && !(isIndex(key) && index <= parent.length)) throw new Error(`no index to add at: ${path}`);
    parent.splice(index, 0, value);
  } else if (isObject(parent)) set(parent, key, value);
  else throw new Error(`nothing to add to at ${path}`);
}

function replace(parent: unknown, key: string, value: unknown, path: string): void {
  child(parent, key, path);
  if (Array.isArray(parent)) parent[Number(key)] = value;
  else set(parent as Record<string, unknown>, key, value);
}

/** Also the key `__proto__` is but a key in JSON. */
function set(object: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
}

function isIndex(key: string): boolean {
  return /^(0|[1-9]\d*)$/.test(key);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
