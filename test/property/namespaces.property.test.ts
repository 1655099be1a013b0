import { expect } from 'chai';
import fc from 'fast-check';
import type { AdmissionRequest } from '../../function/review/admission.ts';
import { type Injection, skippedAnnotation } from '../../function/review/injection.ts';
import { callNames, reviewedBy } from '../../function/review/namespaces.ts';
import { review } from '../../function/review/review.ts';
import { admissionRequest, patchOf } from '../support/admission-review.ts';
import { injections, pod } from '../support/arbitraries.ts';
import { applyStrictly } from '../support/json-patch.ts';

const namespaceSelector = fc.constantFrom(undefined, { matchLabels: { team: 'a' } }, { matchLabels: { team: 'b' } });

/** Without labels and annotations, which two injections may set and clear alternately. */
const scoped: fc.Arbitrary<Injection[]> = fc
  .tuple(injections, fc.array(namespaceSelector, { minLength: 3, maxLength: 3 }))
  .map(([list, selectors]) =>
    list.map(({ labels: _, annotations: __, ...injection }, index) => {
      const selector = selectors[index];
      return { ...injection, onConflict: 'skip', ...(selector && { namespaceSelector: selector }) };
    }),
  );

function always(
  predicate: (request: AdmissionRequest, injections: Injection[], calls: (string | undefined)[]) => void,
) {
  const numRuns = Number(process.env.PROPERTY_RUNS ?? 1000);
  const request = pod.map((object) => admissionRequest(object));
  fc.assert(
    fc.property(request, scoped, (one, all) => {
      predicate(one, all, [undefined, ...callNames(all)]);
    }),
    { numRuns },
  );
}

/** The same injections, with nothing that would tell them apart by namespaces. */
function unscoped(all: readonly Injection[]): Injection[] {
  return all.map(({ namespaceSelector: _, ...injection }) => injection);
}

describe('every call', () => {
  it('reviews, with a name in its path, those that share its namespaceSelector; without, those that have none', () =>
    always((one, all, calls) => {
      for (const name of calls) {
        const own = all.find((injection) => injection.name === name)?.namespaceSelector;
        const expected = all.filter(
          (injection) => injection.namespaceSelector?.matchLabels?.team === own?.matchLabels?.team,
        );
        expect(reviewedBy(all, name)).to.deep.equal(expected);
        const { response: _, ...alone } = review(one, unscoped(expected));
        const { response: __, ...decision } = review(one, all, name);
        expect(decision).to.deep.equal(alone);
      }
      expect(reviewedBy(all, 'another')).to.deep.equal([]);
    }));

  it('leaves what the others did: in turn, and again, they come to an end, and the annotation has what all skipped', () =>
    always((one, all, calls) => {
      const round = (request: AdmissionRequest): AdmissionRequest => {
        let { object } = request;
        for (const name of calls)
          object = applyStrictly(object, patchOf(review({ ...request, object }, all, name).response));
        return { ...request, object };
      };
      const settled = [1, 2, 3, 4].reduce(round, one);
      expect(round(settled).object).to.deep.equal(settled.object);
      const decisions = calls.map((name) => review(settled, all, name));
      if (decisions.every(({ outcome }) => outcome === 'unchanged')) return;
      const { metadata } = settled.object as { metadata?: { annotations?: Record<string, string> } };
      const annotation = metadata?.annotations?.[skippedAnnotation] ?? '';
      for (const line of decisions.flatMap(({ skipped }) => skipped)) expect(annotation).to.contain(line);
    }));
});
