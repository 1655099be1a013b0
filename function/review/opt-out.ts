import type { V1Pod } from '@kubernetes/client-node';
import { optOutAnnotation } from './injection.ts';
import { valueIn } from './metadata.ts';

/** Whether a Pod asks for nothing to be injected into it: by the annotation alone, and by the very value `false`. */
export function isOptedOut(pod: V1Pod): boolean {
  return valueIn(pod, 'annotations', optOutAnnotation) === 'false';
}

/** Warnings for a Pod that seems to opt out, but does not: by another value, or by a label. */
export function optOutWarnings(pod: V1Pod): string[] {
  const annotation = valueIn(pod, 'annotations', optOutAnnotation);
  const label = valueIn(pod, 'labels', optOutAnnotation);
  return [
    ...(annotation === undefined || annotation === 'true' || annotation === 'false'
      ? []
      : [`annotation ${optOutAnnotation} opts out by the value "false" alone: the Pod is not opted out`]),
    ...(label === undefined ? [] : [`label ${optOutAnnotation} has no effect: to opt out, make it an annotation`]),
  ];
}
