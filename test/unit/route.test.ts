import type { IncomingMessage } from 'node:http';
import { expect } from 'chai';
import type { TakeToken } from '../../function/http/caller-tokens.ts';
import { routeOf } from '../../function/http/route.ts';

const token = `${'1'.repeat(40)}_A`;
const headers = { 'content-type': 'application/json' };
const anyone: TakeToken = (segments) => segments;
const withToken: TakeToken = ([first, ...rest]) => (first === token ? rest : undefined);

function route(url: string, takeToken = anyone, names = ['ca', 'proxy'], method = 'POST') {
  const routed = routeOf({ method, url, headers } as IncomingMessage, takeToken, names);
  return typeof routed === 'object' && 'status' in routed ? routed.status : routed;
}

const served: [path: string, expected: ReturnType<typeof route>][] = [
  ['/mutate', {}],
  ['/mutate?timeout=10s', {}],
  ['/mutate/', {}],
  ['/mutate/ca', { name: 'ca' }],
  ['/mutate/proxy?timeout=10s', { name: 'proxy' }],
  ['/mutate/ca/', { name: 'ca' }],
  ['/mutate/other', 404],
  ['/mutate/ca/proxy', 404],
  ['/mutate/%63a', 404],
  ['/mutate/constructor', 404],
  ['/mutated', 404],
];

describe('the path', () => {
  for (const [path, expected] of served) {
    it(`${path} is ${JSON.stringify(expected)}`, () => expect(route(path)).to.deep.equal(expected));
    it(`${path} is so after a caller's token, too`, () =>
      expect(route(path.replace(/^\/mutate\b/, `/mutate/${token}`), withToken)).to.deep.equal(expected));
  }

  it('has a token that is passed over where none is demanded, not yet or no longer', () => {
    expect(route(`/mutate/${token}`)).to.deep.equal({});
    expect(route(`/mutate/${token}/ca`)).to.deep.equal({ name: 'ca' });
    expect(route(`/mutate/${'a'.repeat(63)}`)).to.equal(404);
    expect(route(`/mutate/${'a'.repeat(64)}`)).to.deep.equal({});
  });

  it('of an unknown name is refused with those that are known, but to callers without a token', () => {
    const refusal = (path: string) =>
      JSON.stringify(routeOf({ method: 'POST', url: path, headers } as IncomingMessage, withToken, ['ca', 'proxy']));
    expect(refusal(`/mutate/${token}/other`)).to.contain('those that have one are ca, proxy');
    expect(refusal('/mutate/other')).to.contain('404').and.not.contain('proxy');
    const none = routeOf({ method: 'POST', url: '/mutate/other', headers } as IncomingMessage, anyone, []);
    expect(JSON.stringify(none)).to.contain('none has one');
  });
});
