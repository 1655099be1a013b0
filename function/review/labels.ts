import type { V1Pod } from '@kubernetes/client-node';
import jsonpatch from 'fast-json-patch';
import { type Injection, skippedAnnotation } from './injection.ts';
import { brief } from './text.ts';

/** The Pod with an injection's labels and annotations. */
export function withLabels(pod: V1Pod, { labels, annotations }: Pick<Injection, 'labels' | 'annotations'>): V1Pod {
  const labelled = labels
    ? { ...pod, metadata: { ...pod.metadata, labels: { ...pod.metadata?.labels, ...labels } } }
    : pod;
  return annotations ? withAnnotations(labelled, annotations) : labelled;
}

/** The Pod with those of them that it brought along set to empty: they would not be true, and nothing is removed. */
export function withoutLabels(pod: V1Pod, { labels = {}, annotations = {} }: Injection): V1Pod {
  const blankLabels = blanked(pod.metadata?.labels, labels);
  const blankAnnotations = blanked(pod.metadata?.annotations, annotations);
  return withLabels(pod, {
    ...(Object.keys(blankLabels).length > 0 && { labels: blankLabels }),
    ...(Object.keys(blankAnnotations).length > 0 && { annotations: blankAnnotations }),
  });
}

/** Injected keys whose value the Pod already carries, set to empty. */
function blanked(own: Record<string, string> | undefined, injected: Record<string, string>): Record<string, string> {
  const there = Object.keys(injected).filter((key) => own && Object.hasOwn(own, key) && own[key] === injected[key]);
  return Object.fromEntries(there.map((key) => [key, '']));
}

/** Annotates the Pod with what was skipped; clears a stale annotation, copied from another Pod, where nothing was. */
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

/** The JSON pointers of the labels and annotations that these injections set. */
export function replaceablePaths(injections: readonly Injection[]): ReadonlySet<string> {
  const pointers = (map: 'labels' | 'annotations', keys: string[]) =>
    keys.map((key) => `/metadata/${map}/${jsonpatch.escapePathComponent(key)}`);
  return new Set([
    ...injections.flatMap(({ labels = {} }) => pointers('labels', Object.keys(labels))),
    ...injections.flatMap(({ annotations = {} }) => pointers('annotations', Object.keys(annotations))),
    ...pointers('annotations', [skippedAnnotation]),
  ]);
}
