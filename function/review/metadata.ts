import type { V1Pod } from '@kubernetes/client-node';

/** The two maps of a Pod's metadata that an injection writes to. */
export type Kind = 'labels' | 'annotations';

/** The API server refuses a Pod with more than 256 KiB of annotations. */
export const maxAnnotationBytes = 256 * 1024;

export function bytesOf(annotations: Record<string, string>): number {
  return Object.entries(annotations).reduce((sum, [key, value]) => sum + Buffer.byteLength(`${key}${value}`), 0);
}

/** A Pod's own label or annotation; what every object has by name is none. */
export function valueIn({ metadata }: V1Pod, kind: Kind, key: string): string | undefined {
  const own = metadata?.[kind];
  return own && Object.hasOwn(own, key) ? own[key] : undefined;
}

/** The Pod with these labels or annotations, unless it would have too many annotations. */
export function withValues(pod: V1Pod, kind: Kind, added: Record<string, string>): V1Pod {
  const values = { ...pod.metadata?.[kind], ...added };
  if (kind === 'annotations' && bytesOf(values) > maxAnnotationBytes) return pod;
  return { ...pod, metadata: { ...pod.metadata, [kind]: values } };
}
