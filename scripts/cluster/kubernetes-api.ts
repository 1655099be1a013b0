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

/** The API of a cluster. */
export interface KubernetesApi {
  /** Sends a request to a path such as `/api/v1/namespaces/default/pods?dryRun=All`. Throws an ApiError. */
  send<T = KubernetesObject>(
    method: string,
    path: string,
    options?: { body?: unknown; contentType?: string; accept?: string },
  ): Promise<Answer<T>>;
}

/** Connects as a kubeconfig file says. */
export function connect(kubeconfig: string): KubernetesApi {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const server = config.getCurrentCluster()?.server;
  if (!server) throw new Error('the kubeconfig has no current cluster');
  return {
    send: async (method, path, { body, contentType = 'application/json', accept = 'application/json' } = {}) => {
      const options: Parameters<typeof request>[1] = {};
      await config.applyToHTTPSOptions(options);
      const sent = request(new URL(path, server), {
        ...options,
        method,
        headers: { ...options.headers, Accept: accept, ...(body !== undefined && { 'Content-Type': contentType }) },
      });
      sent.end(body === undefined ? undefined : JSON.stringify(body));
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      const answer = await text(response);
      const warnings = warningsOf(response.headers.warning);
      const status = response.statusCode ?? 0;
      if (status >= 200 && status < 300) return { object: JSON.parse(answer), warnings };
      throw new ApiError(statusMessage(answer), status);
    },
  };
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

/** Server-side apply: creates the object, or makes it so as far as `fieldManager` owns it. Throws an ApiError at fields that nobody knows. */
export async function apply(
  api: KubernetesApi,
  object: KubernetesObject,
  { fieldManager, dryRun = false }: { fieldManager: string; dryRun?: boolean },
): Promise<Answer> {
  const query = `fieldManager=${fieldManager}&fieldValidation=Strict${dryRun ? '&dryRun=All' : ''}`;
  const path = `${await collectionPath(api, object)}/${object.metadata.name}?${query}`;
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
