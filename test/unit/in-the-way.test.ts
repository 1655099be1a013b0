import { expect } from 'chai';
import { inTheWayFindings } from '../../scripts/doctor/in-the-way.ts';

describe('doctor: something is in the way in Pods', () => {
  const podWith = (name: string, skipped: string) => ({
    metadata: { namespace: 'a', name, annotations: { 'hello-webhook/skipped': skipped } },
  });
  const taken = 'hello: container app: /a is taken by volume own';

  it('is said of our own injections alone', () => {
    const pods = [
      podWith('ours', taken),
      podWith('both', `another: container app: /b is taken by volume own; ${taken}`),
      podWith('theirs', 'another: container app: /b is taken by volume own'),
    ];
    expect(inTheWayFindings(pods, new Set(['hello'])).map(({ text }) => text)).to.deep.equal([
      `something is in the way in 2 Pods (a/ours, a/both): ${taken}`,
    ]);
  });
});
