import { expect } from 'chai';
import { formatCallerTokens, parseCallerTokens } from '../../function/http/caller-tokens.ts';
import { segmentsOf } from '../../scripts/install/caller-tokens.ts';
import { createCallerToken, rotationOf } from '../../scripts/install/rotation.ts';
import { withoutTokens } from '../../scripts/terminal/redact.ts';

const [first, second, made] = ['1'.repeat(64), '2'.repeat(64), '3'.repeat(64)];
const create = () => made;
const at = (path: string) => ({ service: { name: 'hello-webhook', namespace: 'kourier-system', path } });
const only = (token: string) => ({ tokens: [token], isOpen: false });

describe("how a caller's token is replaced", () => {
  it('begins with a new one', () => {
    expect(rotationOf(undefined, [], { isNew: false, create })).to.deep.equal({
      token: made,
      during: only(made),
      after: only(made),
    });
  });

  it('keeps the one that is held', () => {
    const { token, during } = rotationOf(only(first), [at(`/mutate/${first}/hello`)], { isNew: false, create });
    expect([token, during]).to.deep.equal([first, only(first)]);
  });

  it('has the former one served until the next one is called with', () => {
    const called = [at(`/mutate/${first}`), { url: `https://host/mutate/${first}/hello` }];
    expect(rotationOf({ tokens: [second, first], isOpen: false }, called, { isNew: true, create })).to.deep.equal({
      token: made,
      during: { tokens: [made, first], isOpen: false },
      after: only(made),
    });
  });

  it('goes on where it was interrupted', () => {
    const held = { tokens: [second, first], isOpen: false };
    const before = rotationOf(held, [at(`/mutate/${first}`)], { isNew: false, create });
    expect(before).to.deep.equal({ token: second, during: held, after: only(second) });
    const registered = rotationOf(held, [at(`/mutate/${second}`)], { isNew: false, create });
    expect(registered).to.deep.equal({ token: second, during: only(second), after: only(second) });
  });

  for (const path of ['/mutate', '/mutate/hello', `/mutate/${second}`]) {
    it(`has callers without one served where ${path} is called, until the first one is called with`, () => {
      expect(rotationOf(undefined, [at(path)], { isNew: false, create })).to.deep.equal({
        token: made,
        during: { tokens: [made], isOpen: true },
        after: only(made),
      });
    });
  }

  it('is by 64 hexadecimal digits, another each time', () => {
    const tokens = [createCallerToken(), createCallerToken()];
    for (const token of tokens) expect(token).to.match(/^[0-9a-f]{64}$/);
    expect(new Set(tokens)).to.have.length(2);
  });

  it('is written as the function reads it', () => {
    for (const tokens of [only(first), { tokens: [first, second], isOpen: true }])
      expect(parseCallerTokens(formatCallerTokens(tokens))).to.deep.equal(tokens);
  });

  it('is looked for below /mutate alone', () => {
    expect(segmentsOf(at('/mutate'))).to.deep.equal([]);
    expect(segmentsOf({ url: `https://host:8443/mutate/${first}/hello?timeout=10s` })).to.deep.equal([first, 'hello']);
    expect(segmentsOf(at('/'))).to.equal(undefined);
    expect(segmentsOf({ service: { name: 'a', namespace: 'b' } })).to.equal(undefined);
  });

  it('stays out of what the API server says of a call', () => {
    const said = (token: string) =>
      `failed to call webhook: Post "https://a.b.svc:443/mutate/${token}/hello?timeout=15s": context deadline exceeded`;
    for (const token of [first, 't_-'.repeat(30), 't.'.repeat(30)])
      expect(withoutTokens(said(token))).to.equal(said('…'));
    expect(withoutTokens(said('hello'))).to.equal(said('hello'));
  });
});
