import { expect } from 'chai';
import fc from 'fast-check';
import type { AdmissionRequest } from '../../function/review/admission.ts';
import { inject, injectEphemeral } from '../../function/review/inject.ts';
import type { Injection } from '../../function/review/injection.ts';
import { normalPath } from '../../function/review/path.ts';
import { review } from '../../function/review/review.ts';
import { selectsLabels, selectsName } from '../../function/review/selector.ts';
import { withDefaults } from '../../function/review/volume-comparison.ts';
import { admissionRequest, patchOf } from '../support/admission-review.ts';
import { injections, pod } from '../support/arbitraries.ts';
import { applyStrictly } from '../support/json-patch.ts';

/** A creation, or an update of ephemeral containers of which all are new. */
const request = fc
  .tuple(pod, fc.boolean())
  .map(([object, isEphemeral]) => admissionRequest(object, isEphemeral ? ephemeral : {}));
const ephemeral = { operation: 'UPDATE', subResource: 'ephemeralcontainers' };

/** Holds for every request under every sound configuration; failures show the seed to repeat them. */
function always(predicate: (request: AdmissionRequest, injections: Injection[]) => void): void {
  fc.assert(
    fc.property(request, injections, (one, other) => {
      predicate(one, other);
    }),
    { numRuns: Number(process.env.PROPERTY_RUNS ?? 1000) },
  );
}

// biome-ignore lint/suspicious/noExplicitAny: Pods with fields that no type knows.
type AnyPod = any;

function resultOf(one: AdmissionRequest, configured: Injection[]): AnyPod {
  return applyStrictly(one.object, patchOf(review(one, configured).response));
}

describe('every review', () => {
  it('of its own result has no patch, and the same decision on what is skipped', () =>
    always((one, configured) => {
      const first = review(one, configured);
      const second = review({ ...one, object: resultOf(one, configured) }, configured);
      expect(patchOf(second.response)).to.deep.equal([]);
      if (second.outcome !== 'unchanged') expect(second.skipped).to.deep.equal(first.skipped);
    }));

  it('of its own result has no patch once the API server has filled in its defaults', () =>
    always((one, configured) => {
      const stored = withApiDefaults(resultOf(one, configured));
      expect(patchOf(review({ ...one, object: stored }, configured).response)).to.deep.equal([]);
    }));

  it('leaves the request as it was', () =>
    always((one, configured) => {
      const before = JSON.stringify(one);
      review(deepFreeze(one), configured);
      expect(JSON.stringify(one)).to.equal(before);
    }));

  it('has a patch that gives, applied strictly by RFC 6902, the Pod it was derived from', () =>
    always((one, configured) => {
      const { response } = review(one, configured);
      if (!('patch' in response)) return;
      const object = one.object as AnyPod;
      const labels = object.metadata?.labels ?? {};
      const selected = configured.filter(({ selector }) => selectsLabels(selector, labels));
      const intended = one.subResource ? injectEphemeral(object, undefined, selected) : inject(object, selected);
      expect(resultOf(one, configured)).to.deep.equal(intended.pod);
    }));

  it('only adds, but for labels and annotations that the injections set', () =>
    always((one, configured) => {
      const set = configured.flatMap(({ labels, annotations }) => [
        ...Object.keys(labels ?? {}).map((key) => `/metadata/labels/${escaped(key)}`),
        ...Object.keys(annotations ?? {}).map((key) => `/metadata/annotations/${escaped(key)}`),
      ]);
      for (const { op, path } of patchOf(review(one, configured).response)) {
        if (op !== 'add') expect([op, path]).to.deep.equal(['replace', path]);
        if (op !== 'add') expect([...set, '/metadata/annotations/hello-webhook~1skipped']).to.include(path);
      }
    }));

  it('keeps all there is, in its order: what is added taken away, the Pod is as it was', () =>
    always((one, configured) => {
      const changed = resultOf(one, configured);
      expect(JSON.stringify(without(changed, one.object as AnyPod))).to.equal(JSON.stringify(withoutNulls(one.object)));
    }));

  it('touches nothing but /spec/ephemeralContainers where only that is kept', () =>
    always((one, configured) => {
      if (!one.subResource) return;
      for (const { path } of patchOf(review(one, configured).response)) {
        expect(path).to.match(/^\/spec\/ephemeralContainers\/\d+\/(volumeMounts|env)(\/\d+)?$/);
      }
    }));

  it('mounts and sets all in every chosen container, or names it with a reason', () =>
    always((one, configured) => {
      const { outcome, skipped } = review(one, configured);
      // Of many, not all are named.
      if (!['injected', 'skipped'].includes(outcome) || one.subResource || skipped.length > 20) return;
      const { spec } = resultOf(one, configured);
      const labels = (one.object as AnyPod).metadata?.labels ?? {};
      const all: AnyPod[] = [...(spec.initContainers ?? []), ...spec.containers];
      const chosen = configured
        .filter(({ selector }) => selectsLabels(selector, labels))
        .flatMap((injection) => all.map((container) => ({ injection, container })))
        .filter(({ injection, container }) => selectsName(injection.containers, container.name));
      for (const { injection, container } of chosen) {
        const place = `${injection.name}: container ${container.name}: `;
        const isNamed = skipped.some((text) => text.startsWith(place));
        expect(isNamed || hasAllOf(injection, container), place).to.equal(true);
      }
    }));

  it('has a Pod say what was skipped in it', () =>
    always((one, configured) => {
      const { outcome, skipped } = review(one, configured);
      if (outcome === 'denied' || skipped.length === 0 || one.subResource) return;
      const { metadata } = resultOf(one, configured);
      expect(metadata.annotations['hello-webhook/skipped']).to.equal(skipped.join('; '));
    }));

  it('warns in lines of at most 120 characters, none of them control characters', () =>
    always((one, configured) => {
      for (const warning of review(one, configured).response.warnings ?? []) {
        expect(warning).to.match(/^[^\p{Cc}]{1,120}$/u);
      }
    }));
});

/** A Pod as the API server stores it, as far as injections add to it. */
function withApiDefaults(pod: AnyPod): AnyPod {
  const container = (one: AnyPod) => (one.env ? { ...one, env: withDefaults(one.env, 'env') } : one);
  const { initContainers, ephemeralContainers, containers, volumes, ...spec } = pod.spec;
  return {
    ...pod,
    spec: {
      ...spec,
      containers: containers.map(container),
      ...(initContainers && { initContainers: initContainers.map(container) }),
      ...(ephemeralContainers && { ephemeralContainers: ephemeralContainers.map(container) }),
      ...(volumes && { volumes: withDefaults(volumes, 'volume') }),
    },
  };
}

/** By names and paths alone: another reckoning than that of the function. */
function hasAllOf({ mounts, env }: Injection, container: AnyPod): boolean {
  const there: AnyPod[] = container.volumeMounts ?? [];
  const isMounted = ({ name, mountPath }: { name: string; mountPath: string }) =>
    there.some((one) => one.name === name && normalPath(one.mountPath) === mountPath);
  const variables: AnyPod[] = container.env ?? [];
  return (
    mounts.every(isMounted) &&
    env.every(({ name, ...source }) => {
      const { name: _, ...there } = variables.findLast((one) => one.name === name) ?? {};
      return there.value === source.value && Boolean(there.valueFrom) === Boolean(source.valueFrom);
    })
  );
}

function escaped(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze);
  return value;
}

/**
 * A changed Pod with only those keys and items that the original has: what was appended to lists is cut off, keys that
 * were not there are dropped. Values that were replaced, of labels and annotations alone, are taken from the original.
 */
function without(changed: AnyPod, original: AnyPod, path = ''): AnyPod {
  if (Array.isArray(original)) return original.map((item, index) => without(changed[index], item, path));
  if (typeof original !== 'object' || original === null) {
    return /^\/metadata\/(labels|annotations)\//.test(path) ? original : original === null ? undefined : changed;
  }
  const kept = Object.keys(changed).filter((key) => Object.hasOwn(original, key));
  return Object.fromEntries(kept.map((key) => [key, without(changed[key], original[key], `${path}/${key}`)]));
}

/** What `without` makes of null, which counts as absent wherever something is added. */
function withoutNulls(value: AnyPod): AnyPod {
  return without(value, value);
}
