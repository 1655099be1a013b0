import { formatTable } from '../terminal/table.ts';
import type { ColdStarts } from './cold.ts';
import type { HostileBody } from './hostile.ts';
import type { InsideResult } from './inside.ts';
import type { Results } from './results.ts';
import type { Spread } from './statistics.ts';
import type { Steady } from './steady.ts';
import type { Target } from './targets.ts';
import type { Creations } from './through-api-server.ts';
import type { Warm } from './warm.ts';

/** Tables for people: medians, and in brackets where the middle half of the rounds lies. */
export function formatResults(results: Results, targets: readonly Target[]): string {
  const { machine, cold, dropped, warm, steady, growth, hostile, creations } = results;
  const sections = [
    machine,
    cold && `Cold start, page cache warm\n${coldTable(cold)}`,
    cold &&
      `Cold start, page cache dropped\n${dropped ? coldTable(dropped) : 'Skipped: only root may drop the page cache.'}`,
    ...Object.entries(warm ?? {}).map(([callers, by]) => `Callers: ${callers}\n${warmTable(by)}`),
    steady && steadyText(steady),
    growth && `A review inside the process\n${growthTable(growth)}`,
    hostile && `The worst of ${hostile.length} bodies of up to 7 MiB\n${hostileTable(hostile)}`,
    creations && `Creating a Pod on a real API server, ${creations.origin}\n${creationsTable(creations)}`,
    targets.length > 0 && `Targets\n${targetsTable(targets)}`,
  ];
  return sections.filter(Boolean).join('\n\n');
}

function coldTable(cold: Record<string, ColdStarts>): string {
  const [first] = Object.values(cold);
  const ratio = (by: ColdStarts) => `${(by.ms.median / (first?.ms.median ?? Number.NaN)).toFixed(2)} x`;
  return formatTable([
    ['', 'ms', '', 'CPU ms', 'RSS MB', 'read from disk MB'],
    ...Object.entries(cold).map(([name, by]) => [
      name,
      spread(by.ms, 0),
      ratio(by),
      spread(by.cpuMs, 0),
      spread(by.rssMb, 1),
      spread(by.readMb, 1),
    ]),
  ]);
}

function warmTable(warm: Record<string, Warm>): string {
  return formatTable([
    ['', 'mean ms', 'p50 ms', 'p99 ms', 'reviews/s', 'CPU us/review'],
    ...Object.entries(warm).map(([name, by]) => [
      name,
      spread(by.mean, 2),
      spread(by.p50, 2),
      spread(by.p99, 2),
      spread(by.perSecond, 0),
      spread(by.cpuUs, 0),
    ]),
  ]);
}

function steadyText({ reviews, heapMb, large }: Steady): string {
  return [
    `Heap in MB after each tenth of ${reviews} reviews: ${heapMb.map((mb) => mb.toFixed(2)).join(', ')}`,
    `A Pod of ${large.mb.toFixed(1)} MB: ${large.ms.median.toFixed(0)} ms (${large.ms.low.toFixed(0)}–${large.ms.high.toFixed(0)}), heap ${large.heapMbBefore.toFixed(2)} MB before, ${large.heapMbAfter.toFixed(2)} MB after`,
  ].join('\n');
}

function growthTable(growth: readonly InsideResult[]): string {
  return formatTable([
    ['containers', 'injections', 'KB', 'ms', 'us/KB', 'us/mount'],
    ...growth.map(({ containers, injections, kb, ms }) => [
      String(containers),
      String(injections),
      kb.toFixed(0),
      ms.toFixed(3),
      ((ms / kb) * 1000).toFixed(1),
      ((ms / (containers * injections)) * 1000).toFixed(1),
    ]),
  ]);
}

/** One row: of each figure the worst, whichever body it is of. */
function hostileTable(hostile: readonly HostileBody[]): string {
  const worst = (field: 'cpuMs' | 'memoryMb' | 'waitMs') => {
    const [first, ...others] = hostile;
    const most = others.reduce((one, other) => ((one?.[field] ?? 0) < other[field] ? other : one), first);
    return `${most?.[field].toFixed(0)} (${most?.title})`;
  };
  return formatTable([
    ['CPU ms', 'MB above rest', 'a usual review beside it, ms'],
    [worst('cpuMs'), worst('memoryMb'), worst('waitMs')],
  ]);
}

function creationsTable({ without, with: others }: Creations): string {
  return formatTable([
    ['', 'ms', 'added ms'],
    ['no webhook', spread(without, 2), ''],
    ...others.map(({ name, ms, added }) => [name, spread(ms, 2), spread(added, 2)]),
  ]);
}

function targetsTable(targets: readonly Target[]): string {
  return formatTable(
    targets.map(({ name, limit, measured, unit }) => [
      measured <= limit ? 'met' : 'MISSED',
      name,
      `${measured.toFixed(2)}${unit}`,
      `at most ${limit}${unit}`,
    ]),
  );
}

function spread({ median, low, high }: Spread, digits: number): string {
  return `${median.toFixed(digits)} (${low.toFixed(digits)}-${high.toFixed(digits)})`;
}
