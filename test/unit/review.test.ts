import { expect } from 'chai';
import { defaultInjections } from '../../function/injections/default-injections.ts';
import { answerTo, fixturesIn } from '../../scripts/workloads/fixture.ts';
import { patchOf } from '../support/admission-review.ts';
import { expectAsIn } from '../support/fixtures.ts';
import { applyStrictly } from '../support/json-patch.ts';

/** The cases of test/unit/review, by the default injections where they have none of their own, as `hello-webhook test` runs them. */
describe('review', () => {
  for (const fixture of fixturesIn('test/unit/review')) {
    it(fixture.title, () => {
      const { request, decision, answer } = answerTo(fixture, defaultInjections);
      const { response, skipped, warnings } = decision;
      if (response.allowed) expect(response.warnings ?? []).to.deep.equal([...skipped, ...warnings]);
      const patch = patchOf(response);
      const pod = patch.length > 0 ? { pod: applyStrictly(request.object, patch) } : {};
      expectAsIn(fixture.file('expected.yaml'), { ...answer, ...pod });
    });
  }
});
