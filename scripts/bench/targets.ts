import type { Results } from './results.ts';
import type { Spread } from './statistics.ts';
import type { Subjects } from './subjects.ts';

/** What a run has to reach: a ratio within the run, or a time. */
export interface Target {
  name: string;
  measured: number;
  limit: number;
  unit: ' x' | ' ms' | ' MB';
}

/** The targets of what was measured of these subjects. */
export function targetsOf(results: Results, { bare, ours, configured, tutorial }: Subjects): Target[] {
  const names = { bare: bare.name, ours: ours.name, configured: configured.name, tutorial: tutorial?.name ?? '' };
  return [
    ...coldTargets(results, names),
    ...warmTargets(results, names),
    ...insideTargets(results),
    ...hostileTargets(results),
  ];
}

type Names = Record<'bare' | 'ours' | 'configured' | 'tutorial', string>;

function coldTargets({ cold, dropped }: Results, { bare, ours, configured }: Names): Target[] {
  const ratios = (title: string, limit: number, by: Record<string, Spread | undefined>) =>
    [ours, configured].flatMap((name) => ratio(`${title}, ${name} / ${bare}`, by[name], by[bare], limit));
  const pick = (starts: Results['cold'], key: 'ms' | 'rssMb') =>
    Object.fromEntries(Object.entries(starts ?? {}).map(([name, by]) => [name, by[key]]));
  return [
    ...ratios('cold start', 1.6, pick(cold, 'ms')),
    ...ratios('cold start, page cache dropped', 1.2, pick(dropped, 'ms')),
    ...ratios('memory at rest', 1.25, pick(cold, 'rssMb')),
  ];
}

function warmTargets({ warm = {} }: Results, { ours, tutorial }: Names): Target[] {
  return Object.entries(warm).flatMap(([callers, by]) => {
    const [mine, other] = [by[ours], by[tutorial]];
    const title = (what: string) => `${what} at ${callers} callers, ${ours} / ${tutorial}`;
    return [
      ...ratio(title('p50'), mine?.p50, other?.p50, 1),
      ...ratio(title('p99'), mine?.p99, other?.p99, 1),
      ...ratio(`time a review at ${callers} callers, ${ours} / ${tutorial}`, other?.perSecond, mine?.perSecond, 1),
    ];
  });
}

function insideTargets({ growth, steady }: Results): Target[] {
  const [usual] = growth ?? [];
  const [, second = Number.NaN] = steady?.heapMb ?? [];
  return [
    ...(usual ? [{ name: 'a review of the usual Pod', measured: usual.ms, limit: 0.25, unit: ' ms' } as const] : []),
    ...(steady
      ? ([
          { name: 'a Pod of 3 MB', measured: steady.large.ms.median, limit: 150, unit: ' ms' },
          {
            name: 'heap after it / before',
            measured: steady.large.heapMbAfter / steady.large.heapMbBefore,
            limit: 1.05,
            unit: ' x',
          },
          {
            name: 'heap, last tenth / second tenth',
            measured: (steady.heapMb.at(-1) ?? Number.NaN) / second,
            limit: 1.05,
            unit: ' x',
          },
        ] as const)
      : []),
  ];
}

/** Of a container with 256 MiB, and of the 10 s that an API server waits by default. */
function hostileTargets({ hostile = [] }: Results): Target[] {
  const most = (values: number[]) => Math.max(...values);
  if (hostile.length === 0) return [];
  return [
    { name: 'CPU of the worst body', measured: most(hostile.map(({ cpuMs }) => cpuMs)), limit: 1000, unit: ' ms' },
    { name: 'memory above rest', measured: most(hostile.map(({ memoryMb }) => memoryMb)), limit: 100, unit: ' MB' },
    { name: 'a review beside it', measured: most(hostile.map(({ waitMs }) => waitMs)), limit: 2000, unit: ' ms' },
  ];
}

function ratio(name: string, one: Spread | undefined, other: Spread | undefined, limit: number): Target[] {
  return one && other ? [{ name, measured: one.median / other.median, limit, unit: ' x' }] : [];
}
