import type { V1Pod } from '@kubernetes/client-node';
import type { Operation } from 'fast-json-patch';
import type { Injection } from './injection.ts';
import { replaceablePaths } from './labels.ts';
import type { AnyContainer } from './mount.ts';
import { applyPatch, derivePatch } from './patch.ts';
import { normalPath } from './path.ts';

/** A patch that is not what it should be: our own bug, to be answered with 500. Its message holds nothing of a Pod. */
export class VerificationError extends Error {
  override name = 'VerificationError';
}

/** The patch that makes of a Pod what these injections make of it, verified as `verifyPatch` does. Throws a VerificationError. */
export function verifiedPatch(
  pod: V1Pod,
  intended: V1Pod,
  injections: readonly Injection[],
  again: (pod: V1Pod) => V1Pod,
): Operation[] {
  const patch = derivePatch(pod, intended);
  const replaceable = replaceablePaths(injections);
  verifyPatch(pod, intended, patch, { again, isReplaceable: (path) => replaceable.has(path) });
  return patch;
}

/**
 * Verifies a patch before it is sent, since one that does not apply rejects the Pod even under failurePolicy Ignore
 * (k8s.io/apiserver pkg/admission/plugin/webhook/mutating/dispatcher.go), and one that applies wrongly breaks it.
 * `again` injects once more; `isReplaceable` tells the JSON pointers of labels and annotations that injections set.
 * Throws a VerificationError.
 */
export function verifyPatch(
  pod: V1Pod,
  intended: V1Pod,
  patch: readonly Operation[],
  { again, isReplaceable }: { again: (pod: V1Pod) => V1Pod; isReplaceable: (path: string) => boolean },
): void {
  demand(
    patch.every(({ op, path }) => op === 'add' || (op === 'replace' && isReplaceable(path))),
    'it contains operations other than add',
  );
  demand(isSameJson(applied(pod, patch), intended), 'applied, it does not yield the intended Pod');
  demand(isSameJson(again(intended), intended), 'injecting the result again would change it');
  demand(addsOnce(volumeNames(pod), volumeNames(intended)), 'an added volume name is not unique');
  const before = containersOf(pod);
  demand(
    containersOf(intended).every(
      (container, index) => container === before[index] || addsOnce(mountPaths(before[index]), mountPaths(container)),
    ),
    'an added mount path is not unique',
  );
}

function demand(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new VerificationError(`patch verification failed: ${otherwise}`);
}

function applied(pod: V1Pod, patch: readonly Operation[]): unknown {
  try {
    return applyPatch(pod, patch);
  } catch (error) {
    throw new VerificationError(`patch verification failed: the patch does not apply: ${(error as Error).message}`);
  }
}

function volumeNames({ spec }: V1Pod): string[] {
  return (spec?.volumes ?? []).map(({ name }) => name);
}

function containersOf({ spec }: V1Pod): AnyContainer[] {
  return [...(spec?.initContainers ?? []), ...(spec?.containers ?? []), ...(spec?.ephemeralContainers ?? [])];
}

function mountPaths(container: AnyContainer | undefined): string[] {
  return (container?.volumeMounts ?? []).map(({ mountPath }) => normalPath(mountPath));
}

/** Whether each name that `after` has beyond `before` is there once. What was broken before is not ours to judge. */
function addsOnce(before: readonly string[], after: readonly string[]): boolean {
  const times = new Map<string, number>();
  for (const name of after) times.set(name, (times.get(name) ?? 0) + 1);
  return after.slice(before.length).every((name) => times.get(name) === 1);
}

/**
 * Whether two JSON values are the same. The order of keys does not count; -0, which JSON.stringify writes as 0, is 0.
 * Asks no object for a method of its own: in JSON, `constructor` and `toString` are keys like any other.
 */
function isSameJson(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && isSameJson((one as Json)[key], (other as Json)[key]))
  );
}

type Json = Record<string, unknown>;
