import type { V1Pod } from '@kubernetes/client-node';
import { hasAll } from '../../function/review/container.ts';
import { type Injection, skippedAnnotation } from '../../function/review/injection.ts';
import { isOptedOut } from '../../function/review/opt-out.ts';
import { selectsName } from '../../function/review/selector.ts';
import { injectionOf, linesIn } from '../../function/review/skipped-lines.ts';
import { isAsDeclared } from '../../function/review/volume-comparison.ts';

/** What is said of a Pod with what an earlier revision of the function has put into it. */
export const withEarlierFiles = 'with an earlier version of the injections, to be created again for the present one';

/**
 * Whether a Pod has one of the injections that are for it as it was before, and not as it is now. What had something in
 * its way says so itself.
 */
export function hasEarlierFiles(pod: V1Pod, own: readonly Injection[], earlier: readonly Injection[]): boolean {
  if (isOptedOut(pod)) return false;
  return own.some(
    (injection) =>
      !isSkipped(pod, injection) &&
      !has(pod, injection) &&
      earlier.some((former) => former.name === injection.name && has(pod, former)),
  );
}

/** Whether some container has all of it. */
function has({ metadata, spec }: V1Pod, injection: Injection): boolean {
  const { volume, fileAnnotations = {}, containers } = injection;
  const there = spec?.volumes?.find(({ name }) => name === volume?.name);
  return (
    (!volume || isAsDeclared(volume, there, 'volume')) &&
    Object.entries(fileAnnotations).every(([key, text]) => metadata?.annotations?.[key] === text) &&
    [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].some(
      (container) => selectsName(containers, container.name) && hasAll(container, injection),
    )
  );
}

function isSkipped({ metadata }: V1Pod, { name }: Injection): boolean {
  const said = metadata?.annotations?.[skippedAnnotation] ?? '';
  return linesIn(said).some((line) => injectionOf(line) === name);
}
