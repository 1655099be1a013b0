/**
 * Runs on the node's network: connections of the server that it is sent, which listens on the machine's network, go to
 * the API server. A server stays on the network that it was made on, whoever accepts its connections.
 */
import { connect, type Server, type Socket } from 'node:net';
import { pipeline } from 'node:stream';

const apiServerPort = Number(process.argv[2]);

process.once('message', (_message, server: Server) => {
  server.on('connection', (outside: Socket) => {
    const inside = connect(apiServerPort, '127.0.0.1');
    // Either end's end, or its error, is the other's.
    pipeline(outside, inside, outside, () => {});
  });
});
process.once('disconnect', () => process.exit());
