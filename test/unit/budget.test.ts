import { expect } from 'chai';
import { Budget } from '../../function/http/budget.ts';

const neverCutOff = () => {
  throw new Error('cut off');
};

describe('the budget of bytes under way', () => {
  it('has room up to its bound, and again for what is closed', () => {
    const budget = new Budget(10, 60_000);
    const one = budget.open(neverCutOff);
    const other = budget.open(neverCutOff);
    expect([one.take(6), other.take(5), other.take(4), other.take(1)]).to.deep.equal([true, false, true, false]);
    one.close();
    one.add(9);
    expect(other.take(6)).to.equal(true);
  });

  it('cuts off the oldest that have waited too long, and no more of them than must be', () => {
    const cut: string[] = [];
    const budget = new Budget(10, -1);
    const [first, second, third] = ['first', 'second', 'third'].map((name) => budget.open(() => cut.push(name)));
    first?.take(4);
    second?.take(4);
    expect(third?.take(5)).to.equal(true);
    expect(cut).to.deep.equal(['first']);
  });

  it('has room beyond its bound for small ones alone, and no more than that', () => {
    const budget = new Budget(10, 60_000, { bytes: 4, upTo: 3 });
    const [large, small, another] = [1, 2, 3].map(() => budget.open(neverCutOff));
    expect(large?.take(10)).to.equal(true);
    expect([small?.take(4), small?.take(3), small?.take(1), another?.take(2), another?.take(1)]).to.deep.equal([
      false,
      true,
      false,
      false,
      true,
    ]);
  });

  it('never cuts off the one that asks', () => {
    const budget = new Budget(10, -1);
    const share = budget.open(neverCutOff);
    share.take(8);
    expect(share.take(8)).to.equal(false);
  });
});
