import type { ServerResponse } from 'node:http';
import { expect } from 'chai';
import type { RequestWithBody } from '../../function/http/body.ts';
import { createHandler } from '../../function/http/handler.ts';
import type { Decision } from '../../function/review/review.ts';

describe('the handler', () => {
  it('answers 500 whatever is thrown, and logs it', async () => {
    const records: object[] = [];
    const handle = createHandler({
      decide: () => ({}) as Decision,
      log: (severity, message, fields) => records.push({ severity, message, ...fields }),
    });
    const request = {
      method: 'POST',
      url: '/mutate',
      headers: { 'content-type': 'application/json' },
      get rawBody() {
        throw new Error('a bug outside of reviews');
      },
    };
    const sent: [number, string][] = [];
    const response = {
      // Closed at once.
      once: (_: string, listener: () => void) => listener(),
      writeHead: (status: number) => ({ end: (text: string) => sent.push([status, text]) }),
    };
    await handle(request as unknown as RequestWithBody, response as unknown as ServerResponse);
    expect(sent).to.have.length(1);
    expect(sent[0]?.[0]).to.equal(500);
    expect(JSON.parse(sent[0]?.[1] ?? '')).to.deep.equal({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'internal error of hello-webhook, see its log',
      reason: 'InternalError',
      code: 500,
    });
    expect(records).to.have.length(1);
    expect(records[0]).to.include({ severity: 'ERROR', decision: 'error' });
  });
});
