/** Those of which something holds, and the others. */
export function partition<T>(all: readonly T[], holds: (one: T) => boolean): [T[], T[]] {
  const groups = Map.groupBy(all, holds);
  return [groups.get(true) ?? [], groups.get(false) ?? []];
}
