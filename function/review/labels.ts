import type { V1Pod } from '@kubernetes/client-node';
import { type Injection, skippedAnnotation } from './injection.ts';

/** The Pod with an injection's labels and annotations. */
export function withMarks(pod: V1Pod, { labels, annotations }: Pick<Injection, 'labels' | 'annotations'>): V1Pod {
  const labelled = labels
    ? { ...pod, metadata: { ...pod.metadata, labels: { ...pod.metadata?.labels, ...labels } } }
    : pod;
  return annotations ? withAnnotations(labelled, annotations) : labelled;
}

/** The Pod without them, where they would not be true: those that it brought along are blanked, since nothing is removed. */
export function withoutMarks(pod: V1Pod, { labels = {}, annotations = {} }: Injection): V1Pod {
  const blankLabels = blanked(pod.metadata?.labels, labels);
  const blankAnnotations = blanked(pod.metadata?.annotations, annotations);
  return withMarks(pod, {
    ...(Object.keys(blankLabels).length > 0 && { labels: blankLabels }),
    ...(Object.keys(blankAnnotations).length > 0 && { annotations: blankAnnotations }),
  });
}

/** Those marks that the Pod has with the very value, with none. */
function blanked(own: Record<string, string> | undefined, marks: Record<string, string>): Record<string, string> {
  const there = Object.keys(marks).filter((key) => own && Object.hasOwn(own, key) && own[key] === marks[key]);
  return Object.fromEntries(there.map((key) => [key, '']));
}

/** Says on the Pod what was skipped. A word of that which came with another Pod's manifest is blanked where all went well. */
export function withSkipped(pod: V1Pod, reasons: readonly string[], isInjected: boolean): V1Pod {
  if (reasons.length > 0) return withAnnotations(pod, { [skippedAnnotation]: reasons.map(brief).join('; ') });
  const isStale = isInjected && pod.metadata?.annotations?.[skippedAnnotation];
  return isStale ? withAnnotations(pod, { [skippedAnnotation]: '' }) : pod;
}

/** Unless they would be too many: the API server refuses a Pod with more than 256 KiB of annotations. */
function withAnnotations(pod: V1Pod, added: Record<string, string>): V1Pod {
  const annotations = { ...pod.metadata?.annotations, ...added };
  const bytes = Object.entries(annotations).reduce((sum, [key, value]) => sum + Buffer.byteLength(`${key}${value}`), 0);
  return bytes > 256 * 1024 ? pod : { ...pod, metadata: { ...pod.metadata, annotations } };
}

/** The API server cuts a warning over 256 characters, advises at most 120, and drops one with control characters. */
export function brief(text: string): string {
  const characters = [...text];
  return characters.length <= 120 ? text : `${characters.slice(0, 119).join('')}…`;
}

/** A text for people, bounded: a path may be as long as a Pod. */
export function oneLine(text: string): string {
  return text
    .slice(0, 1024)
    .replace(/\p{Cc}+/gu, ' ')
    .toWellFormed();
}
