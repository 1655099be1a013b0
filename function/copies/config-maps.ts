import { existsSync, readFileSync } from 'node:fs';
import {
  ApiException,
  CoreV1Api,
  createConfiguration,
  KubeConfig,
  type RequestContext,
  type ResponseContext,
  ServerConfiguration,
  type V1ConfigMap,
} from '@kubernetes/client-node';
import { Agent } from 'undici';

/** The mark of what this webhook has made, and the name it has in managedFields. */
const managedBy = { 'app.kubernetes.io/managed-by': 'hello-webhook' };
export const fieldManager = 'hello-webhook';

/** How long a ConfigMap that was seen is taken to be there still: a rollout makes many Pods in a few seconds. */
const seenMs = 10_000;

/** Calls to the API server at once, each on a connection of its own; more than `maxQueued` copies do not wait for them. */
const maxConnections = 4;
const maxQueued = 100;

/** How many of those that were seen are remembered. */
const maxSeen = 10_000;

/** The longest that the API server waits for a webhook: no copy is worth more. */
const copyMs = 30_000;

const token = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/** Copies ConfigMaps from the function's own namespace into others. */
export interface Cluster {
  /**
   * Makes sure that a ConfigMap is in a namespace: one that is there stays as it is, whoever made it. Calls for the same
   * one share the work. Throws an Error for people where it cannot be had from anywhere, also once `signal` says that
   * time is up; what only a namespace's state is to blame for, whether there is one at all, is returned, for the log.
   */
  ensureConfigMap(namespace: string, name: string, signal: AbortSignal): Promise<string | undefined>;
}

/** Connects as KUBECONFIG says, or as the Pod's ServiceAccount. Throws an Error where there is neither. */
export function connectToCluster(env: NodeJS.ProcessEnv): Cluster {
  const config = new KubeConfig();
  if (env.KUBECONFIG) config.loadFromFile(env.KUBECONFIG);
  else if (existsSync(token)) config.loadFromCluster();
  else throw new Error('the function has no access to the API: apply the component ensure');
  const own = config.getContextObject(config.getCurrentContext())?.namespace ?? 'default';
  const api = apiOf(config);
  const seen = new Map<string, number>();
  const underWay = new Map<string, Promise<string | undefined>>();
  const ensure = async (namespace: string, name: string): Promise<string | undefined> => {
    const within = { signal: AbortSignal.timeout(copyMs) };
    // Both in any case: what is said of the source must not depend on what is in the namespace.
    const there = await api.read(namespace, name, within);
    const source = await api.read(own, name, within);
    if (!source) throw new Error(`there is no ConfigMap ${name} in ${own} to copy`);
    if (!there) {
      const failure = await api.create(copyOf(source, namespace), within).then(
        () => undefined,
        (error: Error) => error.message,
      );
      if (failure) return failure;
    }
    if (seen.size >= maxSeen) seen.clear();
    seen.set(`${namespace}/${name}`, Date.now() + seenMs);
    return undefined;
  };
  return {
    ensureConfigMap: async (namespace, name, signal) => {
      const key = `${namespace}/${name}`;
      if (namespace === own || (seen.get(key) ?? 0) > Date.now()) return undefined;
      if (!underWay.has(key) && underWay.size >= maxQueued) throw new Error('too many ConfigMaps are being copied');
      const work = underWay.get(key) ?? ensure(namespace, name).finally(() => underWay.delete(key));
      underWay.set(key, work);
      return Promise.race([work, untilAborted(signal)]);
    },
  };
}

/** Rejects once time is up: each caller's own, however long the work that it shares goes on. */
function untilAborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  const giveUp = () => reject(new Error('the API server did not answer in time'));
  if (signal.aborted) giveUp();
  else signal.addEventListener('abort', giveUp, { once: true });
  return promise;
}

/** The ConfigMap as it is to be in another namespace. */
export function copyOf({ metadata, data, binaryData, immutable }: V1ConfigMap, namespace: string): V1ConfigMap {
  const name = metadata?.name ?? '';
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name,
      namespace,
      labels: managedBy,
      annotations: { 'hello-webhook/copied-from': metadata?.namespace ?? '' },
    },
    ...(data && { data }),
    ...(binaryData && { binaryData }),
    ...(immutable !== undefined && { immutable }),
  };
}

interface Within {
  signal: AbortSignal;
}

/** The two calls that are made, over a few connections that are kept: client-node would open one for each. */
function apiOf(config: KubeConfig) {
  const cluster = config.getCurrentCluster();
  if (!cluster) throw new Error('the kubeconfig has no current cluster');
  const ca = cluster.caData ? Buffer.from(cluster.caData, 'base64') : cluster.caFile && readFileSync(cluster.caFile);
  const dispatcher = new Agent({ connections: maxConnections, connect: { ...(ca && { ca }) } });
  const client = ({ signal }: Within, contentType?: string) =>
    new CoreV1Api(
      createConfiguration({
        baseServer: new ServerConfiguration(cluster.server, {}),
        authMethods: { default: config },
        promiseMiddleware: [
          {
            pre: async (context: RequestContext) => {
              context.setDispatcher(dispatcher);
              context.setSignal(signal);
              if (contentType) context.setHeaderParam('Content-Type', contentType);
              return context;
            },
            post: async (response: ResponseContext) => response,
          },
        ],
      }),
    );
  return {
    read: (namespace: string, name: string, within: Within): Promise<V1ConfigMap | undefined> =>
      client(within)
        .readNamespacedConfigMap({ namespace, name })
        .catch((error) => unless(404, error, `read ConfigMap ${name} in ${namespace}`)),
    /** Server-side and not forced: 409 says that somebody else has made it meanwhile. */
    create: (body: V1ConfigMap, within: Within): Promise<V1ConfigMap | undefined> => {
      const { name = '', namespace = '' } = body.metadata ?? {};
      return client(within, 'application/apply-patch+yaml')
        .patchNamespacedConfigMap({ namespace, name, body, fieldManager, force: false })
        .catch((error) => unless(409, error, `create ConfigMap ${name} in ${namespace}`));
    },
  };
}

/** Undefined for the status that is expected; otherwise throws what failed and why, without anything of the ConfigMap. */
function unless(expected: number, error: unknown, action: string): undefined {
  if (error instanceof ApiException && error.code === expected) return undefined;
  throw new Error(`cannot ${action}: ${reasonOf(error)}`, { cause: error });
}

function reasonOf(error: unknown): string {
  if (error instanceof ApiException)
    return error.code === 403 ? 'forbidden: apply the component ensure' : `HTTP ${error.code}`;
  const { name, message, cause } = error as Error;
  if (name === 'TimeoutError' || name === 'AbortError') return 'the API server did not answer in time';
  return (cause as { code?: string } | undefined)?.code ?? message;
}
