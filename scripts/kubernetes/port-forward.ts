import { Duplex, PassThrough } from 'node:stream';
import { PortForward } from '@kubernetes/client-node';
import type { KubernetesApi } from './client.ts';

/** A port that a Pod listens on. */
export interface PodPort {
  namespace: string;
  pod: string;
  port: number;
}

/** A connection to a port of a Pod through the API server, as `kubectl port-forward` makes it. Throws where it is refused. */
export async function forwardPort({ config }: KubernetesApi, { namespace, pod, port }: PodPort): Promise<Duplex> {
  const [toPod, fromPod, refusals] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const socket = await new PortForward(config).portForward(namespace, pod, [port], fromPod, refusals, toPod);
  // It is a function only where client-node is told to reconnect.
  if (typeof socket === 'function') throw new Error('the port-forward did not connect');
  const connection = Duplex.from({ writable: toPod, readable: fromPod });
  refusals.on('data', (text: Buffer) => {
    if (text.length > 0) connection.destroy(new Error(text.toString('utf8').trim()));
  });
  socket.addEventListener('close', () => fromPod.end());
  connection.on('close', () => socket.close());
  return connection;
}
