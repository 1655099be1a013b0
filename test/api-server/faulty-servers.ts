import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import type { V1MutatingWebhook } from '@kubernetes/client-node';
import { generate } from 'selfsigned';
import { createCertificateAuthority, type KeyPair } from '../../scripts/local/certificate-authority.ts';
import { freePorts } from '../../scripts/local/free-ports.ts';

/** What a webhooks entry calls: where, whom it trusts, and what else is of its own. */
export interface Target {
  url: string;
  caCert: string;
  overrides?: Partial<V1MutatingWebhook>;
}

/** Servers on 127.0.0.1 that fail each in a way of its own. */
export class FaultyServers {
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();

  async nobody(): Promise<Target> {
    const [port] = await freePorts(1);
    return { url: `https://127.0.0.1:${port}/mutate`, caCert: (await createCertificateAuthority('nobody')).cert };
  }

  /** Answers by HTTPS with a status and, as gateways do, no JSON. */
  async answering(status: number, { ca, hosts, text = '' }: { ca?: string; hosts?: string[]; text?: string } = {}) {
    const authority = await createCertificateAuthority('call-failure');
    const trusted = ca === undefined ? authority : await createCertificateAuthority(ca);
    const keyPair =
      hosts === undefined ? await authority.issueForLocalhost() : await authority.issue({ user: 'gateway', hosts });
    return this.#https(keyPair, trusted.cert, (_, response) => response.writeHead(status).end(text));
  }

  async expired(): Promise<Target> {
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
      notBeforeDate: new Date('2020-01-01'),
      notAfterDate: new Date('2020-02-01'),
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
    });
    return this.#https({ key, cert }, cert, (_, response) => response.end());
  }

  async silent(): Promise<Target> {
    const authority = await createCertificateAuthority('call-failure');
    return this.#https(await authority.issueForLocalhost(), authority.cert, () => {});
  }

  async plain(): Promise<Target> {
    const server = createHttpServer((_, response) => response.end());
    return { ...(await this.nobody()), url: await this.#listen(server) };
  }

  async closing(): Promise<Target> {
    const authority = await createCertificateAuthority('call-failure');
    return this.#https(await authority.issueForLocalhost(), authority.cert, ({ socket }) => socket.destroy());
  }

  async mute(): Promise<Target> {
    return { ...(await this.nobody()), url: await this.#listen(createTcpServer(() => {})) };
  }

  async service(): Promise<Target> {
    const nobody = await this.nobody();
    const caBundle = Buffer.from(nobody.caCert).toString('base64');
    const service = { namespace: 'default', name: 'nowhere', path: '/mutate' };
    return { ...nobody, overrides: { clientConfig: { service, caBundle } } };
  }

  async close(): Promise<void> {
    for (const server of this.#servers) server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  async #https(keyPair: KeyPair, caCert: string, listener: RequestListener): Promise<Target> {
    return { url: await this.#listen(createHttpsServer(keyPair, listener)), caCert };
  }

  async #listen(server: Server): Promise<string> {
    this.#servers.push(server);
    server.on('connection', (socket: Socket) => this.#sockets.add(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `https://127.0.0.1:${(server.address() as AddressInfo).port}/mutate`;
  }
}
