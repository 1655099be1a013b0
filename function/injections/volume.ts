import type { V1Volume } from '@kubernetes/client-node';
import { fieldsOf, kubernetesVersion, meantBy, typeProblems } from './kubernetes-type.ts';
import type { Problem } from './schema.ts';
import { volumeRules } from './volume-rules.ts';

/**
 * What the API server would refuse of a volume, or drop of it without a word; paths are from the volume. Of a source
 * that it does not know it makes an empty directory: one that is no slip of the pen is taken to be newer than the
 * types here, and passes (uncheckedSources).
 */
export function volumeProblems(volume: Partial<V1Volume>): Problem[] {
  const unknown = unknownSources(volume);
  const known = Object.fromEntries(Object.entries(volume).filter(([source]) => !unknown.includes(source)));
  const slips = unknown.flatMap((source): Problem[] => {
    const meant = meantBy(source, fieldsOf('Volume'));
    return meant ? [{ path: [source], message: `must be spelt ${meant}` }] : [];
  });
  return [...slips, ...typeProblems('Volume', { ...known, name: 'v' }, volumeRules)];
}

/** What of these injections is newer than the types here, a line each: it passes unchecked. */
export function uncheckedSources(injections: readonly { name: string; volume?: V1Volume }[]): string[] {
  return injections.flatMap(({ name, volume }) =>
    unknownSources(volume ?? {}).map(
      (source) =>
        `injection ${name}: volume.${source} is not checked: Kubernetes ${kubernetesVersion} has no such source`,
    ),
  );
}

function unknownSources(volume: Partial<V1Volume>): string[] {
  const known = fieldsOf('Volume');
  return Object.keys(volume).filter((source) => !known.includes(source));
}
