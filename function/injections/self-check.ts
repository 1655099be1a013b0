import type { V1Container, V1Pod } from '@kubernetes/client-node';
import { inject } from '../review/inject.ts';
import type { Injection } from '../review/injection.ts';
import { exampleName } from '../review/selector.ts';
import { referencesIn } from '../review/variables.ts';
import { VerificationError, verifiedPatch } from '../review/verification.ts';
import { withDefaults } from '../review/volume-comparison.ts';

/**
 * Why an injection cannot be injected into any Pod, or undefined where it can: one is injected into a sample, verified
 * as in a review, and injected again into what the API server would store, which has to be the same.
 */
export function selfCheck(injection: Injection): string | undefined {
  const sample: V1Pod = { metadata: { name: 'sample' }, spec: { containers: [sampleContainer(injection)] } };
  const again = (pod: V1Pod) => inject(pod, [injection]);
  const { pod, skipped } = again(sample);
  if (skipped[0]) return `cannot be injected even into an empty Pod: ${skipped[0].text}`;
  try {
    verifiedPatch(sample, pod, [injection], (current) => again(current).pod);
  } catch (error) {
    if (!(error instanceof VerificationError)) throw error;
    return `would be refused in every review: ${error.message}`;
  }
  const stored = asStored(pod);
  const twice = again(stored);
  if (twice.skipped.length === 0 && JSON.stringify(twice.pod) === JSON.stringify(stored)) return undefined;
  return `is not found again in a Pod that has it: ${twice.skipped[0]?.text ?? 'it would be injected twice'}`;
}

/** A container that the injection chooses, where one can be made up, with the variables that it refers to. */
function sampleContainer({ containers, mounts, env }: Injection): V1Container {
  const references = [...mounts.map(({ subPathExpr }) => subPathExpr), ...env.map(({ value }) => value)]
    .flatMap((text) => referencesIn(text ?? ''))
    .filter((name) => !env.some((variable) => variable.name === name));
  return {
    name: exampleName(containers, 'app') ?? 'app',
    env: [...new Set(references)].map((name) => ({ name, value: 'x' })),
  };
}

/** A Pod as it comes back from the API server: as JSON, with the defaults of its volumes. */
function asStored(pod: V1Pod): V1Pod {
  const stored = JSON.parse(JSON.stringify(pod)) as V1Pod;
  if (stored.spec?.volumes) stored.spec.volumes = stored.spec.volumes.map((volume) => withDefaults(volume, 'volume'));
  return stored;
}
