import type { V1Pod } from '@kubernetes/client-node';
import { expect } from 'chai';
import { defaultInjections } from '../../function/injections/default-injections.ts';
import { review } from '../../function/review/review.ts';
import { selectsName } from '../../function/review/selector.ts';
import { admissionRequest, patchOf } from '../support/admission-review.ts';

const labels = { hello: 'true' };
const taken = { name: 'app', volumeMounts: [{ name: 'own', mountPath: '/etc/config' }] };

function reviewOf(pod: V1Pod) {
  return review(admissionRequest(pod), defaultInjections);
}

describe('at its limits', () => {
  it('a glob with many stars is through with a name of a megabyte, matching or not', () => {
    const name = '-'.repeat(2 ** 20);
    expect(selectsName({ include: ['*-*-*-proxy'] }, name)).to.equal(false);
    expect(selectsName({ include: ['*-*-*-proxy'] }, `${name}proxy`)).to.equal(true);
  });

  it('a reason that would make more annotations than a Pod may have is left out of the Pod, not of the warning', () => {
    const annotations = { big: 'x'.repeat(262_124 - 3) };
    const { response, outcome } = reviewOf({ metadata: { labels, annotations }, spec: { containers: [taken] } });
    expect(patchOf(response)).to.deep.equal([]);
    expect(outcome).to.equal('skipped');
    expect(response.warnings).to.have.length(1);
  });

  it('a Pod of two hundred thousand containers in conflict is answered', () => {
    const { skipped } = reviewOf({ metadata: { labels }, spec: { containers: Array(200_000).fill(taken) } });
    expect(skipped).to.have.length(21);
    expect(skipped.at(-1)).to.equal('and 199980 more');
  });

  it('a path of a megabyte makes a short log line and a message to match', () => {
    const volumeMounts = [{ name: 'own', mountPath: `/etc/config/${'x'.repeat(2 ** 20)}` }];
    const deny = defaultInjections.map((injection) => ({ ...injection, onConflict: 'deny' as const }));
    const { response, ...rest } = review(
      admissionRequest({ metadata: { labels }, spec: { containers: [{ name: 'app', volumeMounts }] } }),
      deny,
    );
    expect(JSON.stringify(rest).length).to.be.lessThan(400);
    expect(JSON.stringify(response).length).to.be.lessThan(4000);
  });
});
