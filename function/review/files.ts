import type { V1Pod, V1Volume } from '@kubernetes/client-node';
import { bytesOf, maxAnnotationBytes, valueIn, withValues } from './metadata.ts';

/** What an injection's `files` become: text that the Pod itself carries. */
export interface Carried {
  fileAnnotations?: Record<string, string>;
}

/** The annotation of a Pod that carries a file's text: `hello-webhook/NAME.FILE`. */
export function fileAnnotation(injection: string, file: string): string {
  return `hello-webhook/${injection}.${file}`;
}

/** The annotations that carry an injection's files. */
export function fileAnnotations(injection: string, files: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([file, text]) => [fileAnnotation(injection, file), text]));
}

/** The volume that projects them, which has the injection's name. */
export function fileVolume(injection: string, files: Record<string, string>): V1Volume {
  const items = Object.keys(files).map((path) => ({
    path,
    fieldRef: { fieldPath: `metadata.annotations['${fileAnnotation(injection, path)}']` },
  }));
  return { name: injection, downwardAPI: { items } };
}

/** The Pod with the annotations that carry an injection's files; other content under their names gives way. */
export function withFiles(pod: V1Pod, { fileAnnotations = {} }: Carried): V1Pod {
  const isCarried = Object.entries(fileAnnotations).every(([key, text]) => valueIn(pod, 'annotations', key) === text);
  return isCarried ? pod : withValues(pod, 'annotations', fileAnnotations);
}

/** Why a Pod cannot carry an injection's files; undefined where it can. */
export function filesRefusal(pod: V1Pod, { fileAnnotations }: Carried): string | undefined {
  if (!fileAnnotations) return undefined;
  const bytes = bytesOf({ ...pod.metadata?.annotations, ...fileAnnotations });
  return bytes > maxAnnotationBytes ? "the files and the Pod's annotations are over 256 KiB together" : undefined;
}
