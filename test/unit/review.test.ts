import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { defaultInjections } from '../../function/injections/default-injections.ts';
import { readInjections } from '../../function/injections/load.ts';
import { review } from '../../function/review/review.ts';
import { admissionRequest, patchOf } from '../support/admission-review.ts';
import { expectAsIn, fixtures, readYaml } from '../support/fixtures.ts';
import { applyStrictly } from '../support/json-patch.ts';

/**
 * Each directory of test/unit/review is a case: `pod.yaml` is created (or what `request.yaml` says happens) under
 * `injections.yaml` (or the default ones); `expected.yaml` has the answer, with the Pod as it is after the patch.
 */
describe('review', () => {
  for (const { title, file } of fixtures('unit/review')) {
    it(title, () => {
      const pod = readYaml(file('pod.yaml'));
      const configuration = file('injections.yaml');
      const injections = existsSync(configuration) ? readInjections(configuration) : defaultInjections;
      const request = admissionRequest(pod, readYaml(file('request.yaml')) as object | undefined);
      const { response, outcome, ensure, warnings, leftOut, ...rest } = review(request, injections);
      if (response.allowed) expect(response.warnings ?? []).to.deep.equal([...rest.skipped, ...warnings]);
      const { uid: _, ...answer } = response;
      const patch = patchOf(response);
      if ('patch' in answer) Object.assign(answer, { patch: patch.map(({ op, path }) => `${op} ${path}`) });
      expectAsIn(file('expected.yaml'), {
        decision: outcome,
        ...rest,
        ...nonEmpty({ leftOut, ensure }),
        response: answer,
        ...(patch.length > 0 && { pod: applyStrictly(request.object, patch) }),
      });
    });
  }
});

function nonEmpty(lists: Record<string, readonly unknown[]>): object {
  return Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0));
}
