/** The value that so large a part of the values, from 0 to 1, is not above. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

/** The middle of the values of many rounds, and where the middle half of them ends. */
export interface Spread {
  median: number;
  low: number;
  high: number;
}

export function spreadOf(values: readonly number[]): Spread {
  return { median: percentile(values, 0.5), low: percentile(values, 0.25), high: percentile(values, 0.75) };
}

/** The same for each field of what was measured in each round. */
export function spreadsOf<Key extends string>(rounds: readonly Record<Key, number>[]): Record<Key, Spread> {
  const keys = Object.keys(rounds[0] ?? {}) as Key[];
  return Object.fromEntries(keys.map((key) => [key, spreadOf(rounds.map((round) => round[key]))])) as Record<
    Key,
    Spread
  >;
}
