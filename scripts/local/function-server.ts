import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { createCertificateAuthority, type KeyPair } from './certificate-authority.ts';
import { startChild } from './child.ts';

export type LogRecord = Record<string, unknown>;

/** The function as a process of its own, behind TLS as a gateway ends it. */
export interface FunctionServer {
  /** `https://127.0.0.1:PORT/mutate` */
  url: string;
  /** The certificate (PEM) of the throwaway CA that issued the certificate of the URL. */
  caCert: string;
  /** The first `count` log records that match, once they are written. */
  records(matches: (record: LogRecord) => boolean, count?: number): Promise<LogRecord[]>;
}

/** Starts the function on a free port, from source or, in the program's bundle, from the function's, with `env` beside what it needs from ours. */
export async function startFunction(
  cleanup: AsyncDisposableStack,
  env: NodeJS.ProcessEnv = {},
): Promise<FunctionServer> {
  // Bundled, the program may lie below node_modules, where Node strips no types.
  const path = import.meta.filename.endsWith('.ts') ? '../../function/start.ts' : '../start.cjs';
  const entry = fileURLToPath(new URL(path, import.meta.url));
  const child = startChild(process.execPath, [entry], {
    cleanup,
    env: { PATH: process.env.PATH, ...env, PORT: '0' },
  });
  const port = await child.waitFor((line) => /"message":"listening","port":(\d+)/.exec(line)?.[1]);
  const ca = await createCertificateAuthority('hello-webhook throwaway function');
  const tlsPort = await startGateway(cleanup, await ca.issueForLocalhost(), Number(port));
  return {
    url: `https://127.0.0.1:${tlsPort}/mutate`,
    caCert: ca.cert,
    records: (matches, count = 1) => {
      const found: LogRecord[] = [];
      return child.waitFor((line) => {
        const record: LogRecord = line.startsWith('{') ? JSON.parse(line) : {};
        if (matches(record)) found.push(record);
        return found.length === count ? found : undefined;
      });
    },
  };
}

/** Ends TLS on a free port of 127.0.0.1, which it returns, and passes on to `port`. */
export async function startGateway(cleanup: AsyncDisposableStack, keyPair: KeyPair, port: number): Promise<number> {
  const clients = new Set<TLSSocket>();
  // Without delay, as gateways are: Nagle's algorithm and delayed acknowledgements add 40 ms to a review.
  const noDelay = true;
  const gateway = createServer({ ...keyPair, noDelay }, (client) => {
    clients.add(client.once('close', () => clients.delete(client)));
    const upstream = connect({ port, host: '127.0.0.1', noDelay });
    client.pipe(upstream).pipe(client);
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
  });
  gateway.listen(0, '127.0.0.1');
  await once(gateway, 'listening');
  cleanup.defer(async () => {
    const closed = once(gateway, 'close');
    gateway.close();
    for (const client of clients) client.destroy();
    await closed;
  });
  return (gateway.address() as AddressInfo).port;
}
