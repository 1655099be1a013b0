/** The entries of a list, as its `entries()`, beginning with another one each round: none always goes first. */
export function inTurn<T>(list: readonly T[], round: number): [number, T][] {
  const entries = [...list.entries()];
  const first = round % entries.length;
  return [...entries.slice(first), ...entries.slice(0, first)];
}
