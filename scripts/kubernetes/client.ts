import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import type { KubeConfig } from '@kubernetes/client-node';
import { withoutTokens } from '../terminal/redact.ts';
import { type ClusterChoice, loadKubeconfig } from './kubeconfig.ts';
import type { KubernetesObject } from './object.ts';

/** What the API server answers with success. */
export interface Answer<T = KubernetesObject> {
  object: T;
  /** The texts of its warnings. */
  warnings: string[];
}

/** An answer of the API server without success: its message and HTTP status. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

/** The API of a cluster. */
export interface KubernetesApi {
  /** For the parts of @kubernetes/client-node that speak WebSocket: Exec, PortForward. */
  config: KubeConfig;
  /**
   * The API server's URL, to be shown: `https://192.0.2.10:6443`, or below a path of a proxy before it
   * (`https://host/k8s/clusters/c-1`), without a password in it.
   */
  server: string;
  /**
   * Sends a request to a path such as `/api/v1/namespaces/default/pods?dryRun=All`. Throws an ApiError, or an Error that
   * names the server where it does not answer, or not within a minute.
   */
  send<T = KubernetesObject>(
    method: string,
    path: string,
    options?: { body?: unknown; contentType?: string; accept?: string },
  ): Promise<Answer<T>>;
  /** The text at a path that serves no JSON, such as `/metrics`. Throws as `send` does. */
  text(path: string): Promise<string>;
}

/** Longer than any webhook may take: the API server itself gives up after 34 s. */
const requestMs = 60_000;

/** Connects to a cluster of a kubeconfig. Throws a KubeconfigError. */
export function connect(choice: ClusterChoice = {}): KubernetesApi {
  const { config, server: url } = loadKubeconfig(choice);
  const { origin, pathname } = new URL(url);
  const server = origin + pathname.replace(/\/$/, '');
  const exchange = async (method: string, path: string, { headers, body }: Payload) => {
    const options: Parameters<typeof request>[1] = {};
    await config.applyToHTTPSOptions(options).catch((error) => {
      throw new Error(`the kubeconfig's credentials cannot be had: ${credentialProblem(error)}`);
    });
    const signal = AbortSignal.timeout(requestMs);
    const sent = request(new URL(url.replace(/\/$/, '') + path), {
      ...options,
      method,
      signal,
      headers: { ...options.headers, ...headers },
    });
    try {
      sent.end(body);
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      const answer = await text(response);
      const status = response.statusCode ?? 0;
      if (status >= 200 && status < 300) return { answer, warnings: warningsOf(response.headers.warning) };
      throw new ApiError(statusMessage(answer), status);
    } catch (error) {
      if (error instanceof ApiError) throw error;
      const { name, message, code = message } = error as NodeJS.ErrnoException;
      const reason = name === 'AbortError' ? `no answer within ${requestMs / 1000} s` : code;
      throw new Error(`the API server ${server} cannot be reached: ${reason}`, { cause: error });
    }
  };
  return {
    config,
    server,
    send: async (method, path, { body, contentType = 'application/json', accept = 'application/json' } = {}) => {
      const content = body === undefined ? undefined : JSON.stringify(body);
      // Node gives a DELETE no length by itself, and the API server would not see its body.
      const length = { 'Content-Type': contentType, 'Content-Length': `${Buffer.byteLength(content ?? '')}` };
      const headers = { Accept: accept, ...(content !== undefined && length) };
      const { answer, warnings } = await exchange(method, path, {
        headers,
        ...(content !== undefined && { body: content }),
      });
      return { object: JSON.parse(answer), warnings };
    },
    text: async (path) => (await exchange('GET', path, { headers: { Accept: '*/*' } })).answer,
  };
}

/** What a plugin says for people, on stderr, or why it cannot be run; not what it printed in place of credentials. */
function credentialProblem(error: Error): string {
  const isOfContent = error instanceof SyntaxError || /^Failed to refresh token/.test(error.message);
  return isOfContent ? 'what their plugin prints is no ExecCredential in JSON' : error.message.trim();
}

interface Payload {
  headers: Record<string, string>;
  body?: string;
}

/** Of a Status its message; of anything else, such as `Unauthorized` before the API proper, the text. */
function statusMessage(answer: string): string {
  try {
    return withoutTokens(JSON.parse(answer).message);
  } catch {
    return withoutTokens(answer);
  }
}

/** The texts of `Warning: 299 - "text", 299 - "text"`. They are UTF-8, which Node takes for Latin-1. */
function warningsOf(header = ''): string[] {
  const text = Buffer.from(header, 'latin1').toString('utf8');
  return [...text.matchAll(/299 \S+ ("(?:[^"\\]|\\.)*")/g)].map(([, quoted = '""']) =>
    withoutTokens(JSON.parse(quoted)),
  );
}
