import { expect } from 'chai';
import { oversize } from '../../function/http/json-size.ts';

function statusOf(text: string): number | undefined {
  return oversize(Buffer.from(text))?.status;
}

describe('the size of a JSON text, before it is parsed', () => {
  it('is bounded in depth', () => {
    const nested = (levels: number) => '{"a":['.repeat(levels / 2) + ']}'.repeat(levels / 2);
    expect([statusOf(nested(1_000)), statusOf(nested(1_002))]).to.deep.equal([undefined, 400]);
  });

  it('is bounded in values, side by side', () => {
    const list = (values: number) => `[${Array(values - 1).fill('{}')}]`;
    expect([statusOf(list(125_000)), statusOf(list(125_002))]).to.deep.equal([undefined, 413]);
  });

  it('is not what stands in its strings', () => {
    for (const text of ['['.repeat(2_000), ','.repeat(300_000), '\\"'.repeat(200_000) + ','.repeat(300_000), '\\\\'])
      expect(statusOf(`["${text}"]`)).to.equal(undefined);
    expect(statusOf(`["\\\\",${'['.repeat(2_000)}`)).to.equal(400);
  });
});
