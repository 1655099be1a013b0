import { optOutAnnotation } from '../../function/review/injection.ts';
import { isOptedOut } from '../../function/review/opt-out.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { podOf } from '../kubernetes/workload.ts';

/** What is written in a manifest in another way than it seems to be meant, a line each. */
export function slipsIn(workload: KubernetesObject): string[] {
  const pod = podOf(workload);
  if (!pod) return [];
  return [...unquoted(pod, 'labels'), ...unquoted(pod, 'annotations'), ...misplacedOptOut(workload, pod)];
}

function unquoted({ metadata }: KubernetesObject, kind: 'labels' | 'annotations'): string[] {
  return Object.entries(metadata[kind] ?? {})
    .filter(([, value]) => typeof value === 'boolean' || typeof value === 'number')
    .map(
      ([key, value]) =>
        `${kind.slice(0, -1)} ${key} is ${value}, no string, and the API server refuses it: write it in quotes`,
    );
}

function misplacedOptOut(workload: KubernetesObject, pod: KubernetesObject): string[] {
  if (!isOptedOut(workload) || isOptedOut(pod)) return [];
  const place = `${workload.kind} ${workload.metadata.name}`;
  return [`annotation ${optOutAnnotation} is on ${place}, not on its Pod template: its Pods are not opted out`];
}

/** What is said of an object with a Pod template of a kind that is not known. */
export function unknownKind({ apiVersion, kind }: KubernetesObject): string {
  return `left out, since kind ${kind} of ${apiVersion} is not known: to see what becomes of its Pods, give one of them`;
}
