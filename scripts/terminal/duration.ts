import { InvalidArgumentError } from 'commander';

const unitMs: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000 };

/** A duration as kubectl takes it, in whole seconds or more: `90s`, `5m`, `1h30m`; in milliseconds. For an option's `argParser`. */
export function parseDuration(text: string): number {
  if (!/^(\d+h)?(\d+m)?(\d+s)?$/.test(text) || text === '')
    throw new InvalidArgumentError('Give a duration such as 30s, 5m or 1h30m.');
  return [...text.matchAll(/(\d+)([hms])/g)].reduce((sum, [, number, unit = '']) => {
    return sum + Number(number) * (unitMs[unit] ?? 0);
  }, 0);
}
