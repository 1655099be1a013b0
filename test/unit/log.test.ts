import { expect } from 'chai';
import { traceIds } from '../../function/http/log.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';

describe('the ids of a traceparent', () => {
  it('are read', () => expect(traceIds(`00-${traceId}-${spanId}-01`)).to.deep.equal({ traceId, spanId }));
  for (const header of [undefined, '', 'x', `00-${traceId}`, `00-${traceId.toUpperCase()}-${spanId}-01`]) {
    it(`are none in ${header}`, () => expect(traceIds(header)).to.deep.equal({}));
  }
});
