import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { readBody } from '../../function/http/body.ts';
import { hostWhenListening } from '../../function/runtime/host.ts';

describe('the host', () => {
  it('keeps idle connections, and those on which nothing has come yet, longer than the 90 s of queue-proxy', async () => {
    hostWhenListening(() => {});
    const server = createServer().listen(0);
    await once(server, 'listening');
    expect(server.keepAliveTimeout).to.be.above(90_000);
    expect(server.headersTimeout).to.be.above(server.keepAliveTimeout);
    // Node exchanges the two otherwise.
    expect(server.requestTimeout).to.be.above(server.headersTimeout);
    server.close();
  });

  it('cuts off a body that does not come to its end', async () => {
    const server = createServer().listen(0);
    const { port } = server.address() as AddressInfo;
    const sent = request({ port, method: 'POST' });
    const failure = once(sent, 'error');
    sent.write('{');
    const [received] = (await once(server, 'request')) as [IncomingMessage];
    expect(await readBody(received, undefined, 10)).to.equal('aborted');
    await failure.catch(() => {});
    server.close();
  });
});
