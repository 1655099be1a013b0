import type { V1Pod } from '@kubernetes/client-node';
import { skippedAnnotation } from '../../function/review/injection.ts';
import { injectionOf, linesIn } from '../../function/review/skipped-lines.ts';
import { brief } from '../../function/review/text.ts';
import { type Finding, warning } from '../terminal/finding.ts';
import { count, podName, someOf } from './text.ts';

/** What to do where an injection finds something of the Pod's own in its way. */
export const inTheWayFix = '# give one of the two another path or name, or leave the container out: containers.exclude';

/**
 * The Pods in which something is in the way of an injection of these names, by what their annotation says of it, where
 * another installation may have its word, too: of many reasons those of the most Pods.
 */
export function inTheWayFindings(pods: readonly V1Pod[], names: ReadonlySet<string>, most = 5): Finding[] {
  const reasonIn = ({ metadata }: V1Pod) =>
    linesIn(metadata?.annotations?.[skippedAnnotation] ?? '')
      .filter((line) => names.has(injectionOf(line)))
      .join('; ');
  const groups = [...Map.groupBy(pods, reasonIn)]
    .filter(([reason]) => reason !== '')
    .sort(([one, ones], [other, others]) => others.length - ones.length || (one < other ? -1 : 1));
  const rest = groups.slice(most).flatMap(([, group]) => group);
  return [
    ...groups.slice(0, most).map(([reason, group]) => finding(group, long(reason))),
    ...(rest.length > 0 ? [finding(rest, `each for another reason, in its annotation ${skippedAnnotation}`)] : []),
  ];
}

function finding(pods: readonly V1Pod[], reason: string): Finding {
  const where = `something is in the way in ${count(pods.length, 'Pod')} (${someOf(pods.map(podName))})`;
  return warning(`${where}: ${reason}`, inTheWayFix);
}

/** A reason is as long as the function makes it, twenty lines, or as anybody likes. */
function long(reason: string): string {
  return someOf(linesIn(reason).map(brief), 3, '; ');
}
