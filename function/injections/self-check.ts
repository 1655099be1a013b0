import type { V1Container, V1Pod } from '@kubernetes/client-node';
import { inject } from '../review/inject.ts';
import type { Injection } from '../review/injection.ts';
import { exampleName } from '../review/selector.ts';
import { referencesIn } from '../review/variables.ts';
import { VerificationError, verifiedPatch } from '../review/verification.ts';
import { withDefaults } from '../review/volume-comparison.ts';

/** Of many in one sample, the time grows faster than their number. */
const few = 16;

/**
 * Why each of these injections cannot be injected into any Pod, or undefined where it can: one is injected into a sample,
 * verified as in a review, and injected again into what the API server would store, which has to be the same. A few of one
 * sample are tried on it together, which takes less time; where that fails, each by itself, and so is what refers to a
 * variable, which another one may set.
 */
export function selfChecks(injections: readonly Injection[]): (string | undefined)[] {
  const groupOf = (injection: Injection, index: number) =>
    referencesOf(injection).length > 0 ? index : `${Math.floor(index / few)} ${sampleName(injection)}`;
  const groups = [...Map.groupBy(injections, groupOf).values()];
  const sound = new Set(groups.filter((group) => problemOf(group) === undefined).flat());
  return injections.map((injection) => (sound.has(injection) ? undefined : problemOf([injection])));
}

function problemOf(injections: readonly Injection[]): string | undefined {
  const sample: V1Pod = { metadata: { name: 'sample' }, spec: { containers: [sampleContainer(injections)] } };
  const again = (pod: V1Pod) => inject(pod, injections);
  const { pod, skipped } = again(sample);
  if (skipped[0]) return `cannot be injected even into an empty Pod: ${skipped[0].text}`;
  try {
    verifiedPatch(sample, pod, injections, (current) => again(current).pod);
  } catch (error) {
    if (!(error instanceof VerificationError)) throw error;
    return `would be refused in every review: ${error.message}`;
  }
  const stored = asStored(pod);
  const twice = again(stored);
  if (twice.skipped.length === 0 && JSON.stringify(twice.pod) === JSON.stringify(stored)) return undefined;
  return `is not found again in a Pod that has it: ${twice.skipped[0]?.text ?? 'it would be injected twice'}`;
}

/** A container that the injections choose, where one can be made up, with the variables that they refer to. */
function sampleContainer(injections: readonly Injection[]): V1Container {
  const references = new Set(injections.flatMap(referencesOf));
  for (const { env } of injections) for (const { name } of env) references.delete(name);
  const name = injections[0] ? sampleName(injections[0]) : 'app';
  return { name, env: [...references].map((reference) => ({ name: reference, value: 'x' })) };
}

function sampleName({ containers }: Injection): string {
  return exampleName(containers, 'app') ?? 'app';
}

function referencesOf({ mounts, env }: Injection): string[] {
  const texts = [...mounts.map(({ subPathExpr }) => subPathExpr), ...env.map(({ value }) => value)];
  return texts.flatMap((text) => referencesIn(text ?? ''));
}

/** A Pod as it comes back from the API server: as JSON, with the defaults of its volumes. */
function asStored(pod: V1Pod): V1Pod {
  const stored = JSON.parse(JSON.stringify(pod)) as V1Pod;
  if (stored.spec?.volumes) stored.spec.volumes = stored.spec.volumes.map((volume) => withDefaults(volume, 'volume'));
  return stored;
}
