import { exitStatus } from '../terminal/exit-status.ts';
import { formatTable } from '../terminal/table.ts';
import type { InjectedManifest, ReviewedWorkload } from './inject.ts';
import { formatOutcome, formatResult } from './outcome.ts';

/** A line for each injection, and for each warning: `Deployment shop: hello: injected`. */
export function formatLines({ title, outcomes, warnings }: ReviewedWorkload): string[] {
  return [...outcomes.map(formatOutcome), ...warnings.map((warning) => `warning: ${warning}`)].map(
    (line) => `${title}: ${line}`,
  );
}

/** The same as a table. */
export function formatTableOf(workloads: readonly ReviewedWorkload[]): string {
  const rows = workloads.flatMap(({ title, outcomes, warnings }) => [
    ...outcomes.map((outcome) => [title, outcome.injection, formatResult(outcome)]),
    ...warnings.map((warning) => [title, '', `warning: ${warning}`]),
  ]);
  return formatTable([['WORKLOAD', 'INJECTION', 'RESULT'], ...rows]);
}

/** All of it in one text: of YAML, each as it was written; as JSON, the one object, or a List of them. */
export function formatManifests(
  manifests: readonly Pick<InjectedManifest, 'text' | 'objects'>[],
  format: 'yaml' | 'json',
): string {
  if (format === 'yaml') return manifests.map(({ text }) => text).reduce(joined, '');
  const objects = manifests.flatMap((manifest) => manifest.objects);
  const [first] = objects;
  const whole = objects.length === 1 ? first : { apiVersion: 'v1', kind: 'List', items: objects };
  return `${JSON.stringify(whole, undefined, 2)}\n`;
}

function joined(before: string, text: string): string {
  if (before === '') return text;
  const ended = before.endsWith('\n') ? before : `${before}\n`;
  return /^---/m.test(text.slice(0, 4)) || /\n---\s*$/.test(before) ? ended + text : `${ended}---\n${text}`;
}

/** 4 where a Pod would be denied; 3 where something was skipped; else 0. */
export function exitStatusOf(workloads: readonly ReviewedWorkload[]): number {
  const results = new Set(workloads.flatMap(({ outcomes }) => outcomes.map(({ result }) => result)));
  if (results.has('denied')) return exitStatus.denied;
  return results.has('skipped') || results.has('injected in part') ? exitStatus.incomplete : exitStatus.ok;
}
