import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { KubeConfig } from '@kubernetes/client-node';

/** An object as the API has it: raw JSON, so that no field is lost that a client library does not know. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name?: string;
    generateName?: string;
    namespace?: string;
    labels?: Record<string, string>;
    [field: string]: unknown;
  };
  [field: string]: unknown;
}

export interface Answer<T = KubernetesObject> {
  object: T;
  /** What the API server warned of, a text each. */
  warnings: string[];
}

/** An answer of the API server that is no success: its message and HTTP status. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

/** A kubeconfig that cannot be read, or that has not the context or cluster that is asked for. */
export class KubeconfigError extends Error {
  override name = 'KubeconfigError';
}

/** The API of a cluster. */
export interface KubernetesApi {
  /** For the parts of @kubernetes/client-node that speak WebSocket: Exec, PortForward. */
  config: KubeConfig;
  /** Where the API server is: `https://192.0.2.10:6443`, or below a path of a proxy before it (`https://host/k8s/clusters/c-1`). */
  server: string;
  /**
   * Sends a request to a path such as `/api/v1/namespaces/default/pods?dryRun=All`. Throws an ApiError, or an Error that
   * names the server where it does not answer at all, or not within a minute.
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

/** Connects as a kubeconfig says: the file, else that of KUBECONFIG or of ~/.kube, or the Pod's ServiceAccount; its current context or `context`. */
export function connect({ kubeconfig, context }: { kubeconfig?: string; context?: string } = {}): KubernetesApi {
  const config = load(kubeconfig);
  if (context) {
    const known = config.getContexts().map(({ name }) => name);
    if (!known.includes(context))
      throw new KubeconfigError(`--context ${context} is not in the kubeconfig, which has: ${known.join(', ')}`);
    config.setCurrentContext(context);
  }
  const server = config.getCurrentCluster()?.server;
  if (!server) throw new KubeconfigError('the kubeconfig has no current cluster: set KUBECONFIG, or give --context');
  const exchange = async (method: string, path: string, { headers, body }: Payload) => {
    const options: Parameters<typeof request>[1] = {};
    await config.applyToHTTPSOptions(options);
    const signal = AbortSignal.timeout(requestMs);
    const sent = request(new URL(server.replace(/\/$/, '') + path), {
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
      throw new Error(`the API server ${server} cannot be asked: ${reason}`, { cause: error });
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

function load(kubeconfig: string | undefined): KubeConfig {
  const config = new KubeConfig();
  try {
    if (kubeconfig) config.loadFromFile(kubeconfig);
    else config.loadFromDefault();
  } catch (error) {
    throw new KubeconfigError(`the kubeconfig cannot be read: ${(error as Error).message}`, { cause: error });
  }
  return config;
}

interface Payload {
  headers: Record<string, string>;
  body?: string;
}

/** The object at a path, or undefined where there is none, or where its kind is not served. */
export async function read<T = KubernetesObject>(api: KubernetesApi, path: string): Promise<T | undefined> {
  return (await unless(404, api.send<T>('GET', path)))?.object;
}

/** All objects of a collection, by pages; none where its kind is not served. `path` may have a query. */
export async function list<T = KubernetesObject>(api: KubernetesApi, path: string): Promise<T[]> {
  const items: T[] = [];
  let next: string | undefined = '';
  while (next !== undefined) {
    const page: string = `${path}${path.includes('?') ? '&' : '?'}limit=500${next && `&continue=${encodeURIComponent(next)}`}`;
    const answer: ListOf<T> | undefined = await read<ListOf<T>>(api, page);
    const type = { apiVersion: answer?.apiVersion, kind: answer?.kind.replace(/List$/, '') };
    items.push(...(answer?.items ?? []).map((item) => ({ ...type, ...item })));
    next = answer?.metadata?.continue || undefined;
  }
  return items;
}

interface ListOf<T> {
  apiVersion: string;
  kind: string;
  /** Without apiVersion and kind of their own. */
  items: T[];
  metadata?: { continue?: string };
}

/** What a request comes to, or undefined where the API server answers with this status. */
export async function unless<T>(status: number, request: Promise<T>): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if (error instanceof ApiError && error.status === status) return undefined;
    throw error;
  }
}

/** Where an object's kind is served: `/api/v1/namespaces/default/pods`. Throws where the API server does not serve it. */
export async function collectionPath(
  api: KubernetesApi,
  { apiVersion, kind, metadata }: KubernetesObject,
): Promise<string> {
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const { object } = await api.send<{ resources: { name: string; kind: string; namespaced: boolean }[] }>('GET', group);
  const resource = object.resources.find((served) => served.kind === kind && !served.name.includes('/'));
  if (!resource) throw new Error(`the API server does not serve ${kind} of ${apiVersion}`);
  const scope = resource.namespaced ? `/namespaces/${metadata.namespace ?? 'default'}` : '';
  return `${group}${scope}/${resource.name}`;
}

/** Where an object is: `/api/v1/namespaces/default/pods/busybox-1`. */
export async function objectPath(api: KubernetesApi, object: KubernetesObject): Promise<string> {
  return `${await collectionPath(api, object)}/${object.metadata.name}`;
}

/**
 * Server-side apply: creates the object, or makes it so as far as `fieldManager` owns it, or with `force` as far as the
 * object says. Throws an ApiError at fields that nobody knows.
 */
export async function apply(
  api: KubernetesApi,
  object: KubernetesObject,
  { fieldManager, dryRun = false, force = false }: { fieldManager: string; dryRun?: boolean; force?: boolean },
): Promise<Answer> {
  const query = `fieldManager=${fieldManager}&fieldValidation=Strict${dryRun ? '&dryRun=All' : ''}${force ? '&force=true' : ''}`;
  const path = `${await objectPath(api, object)}?${query}`;
  return api.send('PATCH', path, { body: object, contentType: 'application/apply-patch+yaml' });
}

/** Of a Status its message; of anything else, such as `Unauthorized` before the API proper, the text. */
function statusMessage(answer: string): string {
  try {
    return JSON.parse(answer).message;
  } catch {
    return answer;
  }
}

/** The texts of `Warning: 299 - "text", 299 - "text"`. They are UTF-8, which Node takes for Latin-1. */
function warningsOf(header = ''): string[] {
  const text = Buffer.from(header, 'latin1').toString('utf8');
  return [...text.matchAll(/299 \S+ ("(?:[^"\\]|\\.)*")/g)].map(([, quoted = '""']) => JSON.parse(quoted));
}
