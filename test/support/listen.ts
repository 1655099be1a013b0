import { once } from 'node:events';
import type { Server as HttpServer } from 'node:http';
import type { AddressInfo, Server } from 'node:net';

/** Has a server listen on a free port of 127.0.0.1, and closes it and its connections with `cleanup`; the port. */
export async function listen(server: Server | HttpServer, cleanup: AsyncDisposableStack): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  cleanup.defer(() => {
    server.close();
    if ('closeAllConnections' in server) server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}
