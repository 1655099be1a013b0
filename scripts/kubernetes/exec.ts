import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { Exec, type V1Status } from '@kubernetes/client-node';
import type { KubernetesApi } from './client.ts';

/** The output of a command in a container, and whether it ended with 0. */
export interface Executed {
  stdout: string;
  stderr: string;
  hasSucceeded: boolean;
}

/** Runs a command in a Pod's container, as `kubectl exec` does. Throws where it cannot be run at all. */
export async function execute(
  { config }: KubernetesApi,
  { namespace, pod, container }: { namespace: string; pod: string; container: string },
  command: string[],
): Promise<Executed> {
  const [out, err] = [new PassThrough(), new PassThrough()];
  const status = new Promise<V1Status>((resolve, reject) => {
    new Exec(config).exec(namespace, pod, container, command, out, err, null, false, resolve).catch(reject);
  });
  const [stdout, stderr, { status: outcome }] = await Promise.all([
    text(out),
    text(err),
    status.finally(() => {
      out.end();
      err.end();
    }),
  ]);
  return { stdout, stderr, hasSucceeded: outcome === 'Success' };
}
