import type { V1Pod } from '@kubernetes/client-node';
import { expect } from 'chai';
import { defaultInjections } from '../../function/injections/default-injections.ts';
import type { Injection } from '../../function/review/injection.ts';
import { review } from '../../function/review/review.ts';
import { VerificationError } from '../../function/review/verification.ts';
import { admissionRequest, patchOf } from '../support/admission-review.ts';

const pod: V1Pod = { metadata: { labels: { hello: 'true' } }, spec: { containers: [{ name: 'app' }] } };

/** One that never equals itself, as a quantity that is none; a configuration with it is refused at start. */
const unsound: Injection = {
  name: 'unsound',
  selector: { matchLabels: { hello: 'true' } },
  volume: { name: 'unsound', emptyDir: { sizeLimit: '10MB' } },
  mounts: [{ name: 'unsound', mountPath: '/unsound' }],
  env: [],
  onConflict: 'skip',
};

describe('an injection whose patch fails verification', () => {
  it('does not cost the Pod the others, and is named', () => {
    const { failure, injections, response } = review(admissionRequest(pod), [unsound, ...defaultInjections]);
    expect(failure).to.equal('unsound: patch verification failed: injecting the result again would change it');
    expect(injections).to.deep.equal(['hello']);
    expect(JSON.stringify(patchOf(response))).not.to.contain('unsound');
  });

  it('is named in the error where it is the only one', () => {
    expect(() => review(admissionRequest(pod), [unsound])).to.throw(VerificationError, /^unsound: /);
  });
});
