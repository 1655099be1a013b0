import { once } from 'node:events';
import { createServer as createProxy, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent, createServer as createGateway, type Server as GatewayServer, request } from 'node:https';
import { type AddressInfo, connect, type Server } from 'node:net';
import type { Duplex } from 'node:stream';
import type { KeyPair } from '../../scripts/local/certificate-authority.ts';
import type { FunctionServer } from '../../scripts/local/function-server.ts';

/**
 * The way from an API server to the function by its cluster-local URL, without a cluster's DNS and network: a proxy that
 * the API server has in HTTPS_PROXY, and behind it a gateway that ends TLS and passes each request on to the function of
 * that moment, as Knative's does.
 */
export class Route {
  readonly #host: string;
  readonly #cleanup: AsyncDisposableStack;
  // Node would take the name that a certificate is to be for from the Host of the request passed on.
  readonly #agent = new Agent({ keepAlive: true, servername: 'localhost' });
  #gateway: GatewayServer | undefined;
  #gatewayPort = 0;
  #to: FunctionServer | undefined;

  constructor(host: string, cleanup: AsyncDisposableStack) {
    this.#host = host;
    this.#cleanup = cleanup;
    cleanup.defer(() => this.#agent.destroy());
  }

  /** Starts the proxy; what the API server needs in its environment. */
  async open(): Promise<NodeJS.ProcessEnv> {
    const proxy = createProxy();
    proxy.on('connect', ({ url }: IncomingMessage, client: Duplex) => {
      client.on('error', () => {});
      if (url !== `${this.#host}:443`) return void client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
      const gateway = connect(this.#gatewayPort, '127.0.0.1');
      gateway.on('error', () => client.destroy()).on('close', () => client.destroy());
      client.on('close', () => gateway.destroy());
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      client.pipe(gateway).pipe(client);
    });
    return { HTTPS_PROXY: `http://127.0.0.1:${await this.#listen(proxy)}`, NO_PROXY: '' };
  }

  /** Starts the gateway, with a certificate for the host. */
  async serve(keyPair: KeyPair): Promise<void> {
    this.#gateway = createGateway(keyPair, (received, response) => this.#pass(received, response));
    this.#gatewayPort = await this.#listen(this.#gateway);
    this.#cleanup.defer(() => this.#gateway?.closeAllConnections());
  }

  /** From now on requests go to this function. */
  leadTo(server: FunctionServer): void {
    this.#to = server;
  }

  /** From now on the proxy leads nowhere. */
  close(): void {
    this.#gatewayPort = 1;
    this.#agent.destroy();
    this.#gateway?.closeAllConnections();
  }

  /** The status of an answer to what is no review, whoever sends it. */
  async statusAt(path: string): Promise<number | undefined> {
    const { url, caCert } = this.#to as FunctionServer;
    const headers = { 'Content-Type': 'application/json' };
    const sent = request(new URL(path, url), { method: 'POST', headers, ca: caCert, agent: this.#agent }).end('{}');
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    answer.resume();
    return answer.statusCode;
  }

  #pass(received: IncomingMessage, response: ServerResponse): void {
    if (!this.#to) return void response.writeHead(503).end();
    const { url, caCert } = this.#to;
    const { method = 'POST', headers } = received;
    const place = new URL(received.url ?? '/', url);
    const sent = request(place, { method, headers, ca: caCert, agent: this.#agent }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    sent.on('error', () => response.writeHead(502).end());
    received.pipe(sent);
  }

  async #listen(server: Server): Promise<number> {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    this.#cleanup.defer(() => void server.close());
    return (server.address() as AddressInfo).port;
  }
}
