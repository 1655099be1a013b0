import { expect } from 'chai';
import { parseDuration } from '../../scripts/terminal/duration.ts';

describe('a duration', () => {
  it('is what kubectl takes, in whole seconds', () => {
    expect(['30s', '5m', '1h30m', '1h0m10s', '0s'].map(parseDuration)).to.deep.equal([
      30_000, 300_000, 5_400_000, 3_610_000, 0,
    ]);
  });

  it('is nothing else', () => {
    for (const text of ['', '5', 'm', '5 m', '30s5m', '1.5h', '-5s', '5ms'])
      expect(() => parseDuration(text), text).to.throw('Give a duration such as 30s');
  });
});
