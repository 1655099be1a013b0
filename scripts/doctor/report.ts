import { exitStatus } from '../terminal/exit-status.ts';
import { formatFinding } from '../terminal/finding.ts';
import { oneLine, printable } from '../terminal/output.ts';
import type { Diagnosis } from './run.ts';
import { count } from './text.ts';

/** What the findings come to: in a line, and as an exit status. */
export interface Conclusion {
  text: string;
  status: number;
  /** The titles of the checks that are broken. */
  broken: readonly string[];
}

/** 1 where something is broken; 3 where nothing is, but permissions are missing to check all that the call takes; else 0. */
export function conclude(findings: readonly Diagnosis[]): Conclusion {
  const checksThatAre = (status: Diagnosis['status']) => [
    ...new Set(findings.filter((finding) => finding.status === status).map(({ title }) => title)),
  ];
  const broken = checksThatAre('broken');
  if (broken.length > 0) return { text: `Broken: ${broken.join(', ')}`, status: exitStatus.failed, broken };
  const unknown = checksThatAre('unknown');
  if (unknown.length === 0) return { text: 'Nothing is broken.', status: exitStatus.ok, broken };
  const isIncomplete = findings.some(({ isDenied, category }) => isDenied && category.isOfCall);
  return {
    text: `Nothing is known to be broken; ${count(unknown.length, 'check')} could not be made: ${unknown.join(', ')}`,
    status: isIncomplete ? exitStatus.incomplete : exitStatus.ok,
    broken,
  };
}

/** Whether there is something to fix here: not where all is well, nor where it comes of something else. */
export function isToFix({ status, cause }: Diagnosis): boolean {
  return status !== 'ok' && cause === undefined;
}

/** Formats findings as they come, each category under a heading of its own. */
export function createFormatter(): (finding: Diagnosis) => string {
  let shown: Diagnosis['category'] | undefined;
  return (finding) => {
    const heading = finding.category === shown ? '' : `\n${finding.category.title}\n`;
    shown = finding.category;
    return `${heading}${formatFinding(finding.title, finding)}`;
  };
}

/** What `-o json` prints: `{"checks": [{"id", "category", "title", "status", "text", …}]}`, an element for each finding. */
export function toJson(findings: readonly Diagnosis[]): object {
  const checks = findings.map(({ id, category, title, status, text, cause, fix, isDenied }) => ({
    id,
    category: category.id,
    title,
    status,
    text: oneLine(text),
    cause,
    fix: fix && printable(fix),
    isDenied,
  }));
  return { checks };
}
