import type { V1Pod } from '@kubernetes/client-node';
import { optOutAnnotation } from './injection.ts';

/** Whether a Pod asks for nothing to be injected into it: by the annotation alone, and by the very value `false`. */
export function isOptedOut({ metadata }: V1Pod): boolean {
  return ownValue(metadata?.annotations) === 'false';
}

/** Warnings for a Pod that seems to opt out, but does not: by another value, or by a label. */
export function optOutWarnings({ metadata }: V1Pod): string[] {
  const annotation = ownValue(metadata?.annotations);
  const label = ownValue(metadata?.labels);
  return [
    ...(annotation === undefined || annotation === 'true' || annotation === 'false'
      ? []
      : [`annotation ${optOutAnnotation} opts out by the value "false" alone: the Pod is not opted out`]),
    ...(label === undefined ? [] : [`label ${optOutAnnotation} has no effect: to opt out, make it an annotation`]),
  ];
}

function ownValue(map: Record<string, string> | undefined): string | undefined {
  return map && Object.hasOwn(map, optOutAnnotation) ? map[optOutAnnotation] : undefined;
}
