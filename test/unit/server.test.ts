import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { http } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import { expect } from 'chai';
import { readBody } from '../../function/http/body.ts';
import { createHandler } from '../../function/http/handler.ts';
import { defaultInjections } from '../../function/injections/default-injections.ts';
import { review } from '../../function/review/review.ts';
import { serveInFramework } from '../../function/runtime/framework.ts';
import { serverOf } from '../../function/runtime/server.ts';
import { admissionReview } from '../../scripts/local/admission-review.ts';

const servers: [title: string, create: () => Server][] = [
  ['of its own', () => serverOf(async () => {})],
  [
    'of the functions framework',
    () => {
      serveInFramework(async () => {});
      return createServer();
    },
  ],
];

describe('a server', () => {
  for (const [title, create] of servers) {
    it(`${title} keeps idle connections, and those on which nothing has come yet, longer than the 90 s of queue-proxy`, async () => {
      const server = create().listen(0);
      await once(server, 'listening');
      expect(server.keepAliveTimeout).to.be.above(90_000);
      expect(server.headersTimeout).to.be.above(server.keepAliveTimeout);
      // Node exchanges the two otherwise.
      expect(server.requestTimeout).to.be.above(server.headersTimeout);
      server.close();
    });
  }

  it('cuts off a body that does not come to its end', async () => {
    const server = createServer().listen(0);
    const { port } = server.address() as AddressInfo;
    const sent = request({ port, method: 'POST' });
    const failure = once(sent, 'error');
    sent.write('{');
    const [received] = (await once(server, 'request')) as [IncomingMessage];
    expect(await readBody(received, 100, { take: () => true }, 10)).to.equal('aborted');
    await failure.catch(() => {});
    server.close();
  });

  it('of the functions framework that has read the body itself is answered all the same', async () => {
    const handler = createHandler({ decide: (request) => review(request, defaultInjections), log: () => {} });
    http('reads-the-body', handler);
    const server = getTestServer('reads-the-body').listen(0);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const answer = await fetch(`http://127.0.0.1:${port}/mutate`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(admissionReview({ metadata: { labels: { hello: 'true' } }, spec: { containers: [] } })),
    });
    expect(answer.status).to.equal(200);
    expect(await answer.json()).to.have.nested.property('response.allowed', true);
    server.close();
    server.closeAllConnections();
  });
});
