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

const token = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/** Copies ConfigMaps from the function's own namespace into others. */
export interface Cluster {
  /**
   * Makes sure that a ConfigMap is in a namespace: one that is there stays as it is, whoever made it. Calls for the same
   * one share the work. Throws an Error for people where it cannot be had, also once `signal` says that time is up.
   */
  ensureConfigMap(namespace: string, name: string, signal: AbortSignal): Promise<void>;
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
  const underWay = new Map<string, Promise<void>>();
  const ensure = async (namespace: string, name: string, signal: AbortSignal) => {
    const within = { signal };
    if (await api.read(namespace, name, within)) return;
    const source = await api.read(own, name, within);
    if (!source) throw new Error(`there is no ConfigMap ${name} in ${own} to copy`);
    await api.create(copyOf(source, namespace), within);
  };
  return {
    ensureConfigMap: async (namespace, name, signal) => {
      const key = `${namespace}/${name}`;
      if (namespace === own || (seen.get(key) ?? 0) > Date.now()) return;
      const work = underWay.get(key) ?? ensure(namespace, name, signal).finally(() => underWay.delete(key));
      underWay.set(key, work);
      await work;
      seen.set(key, Date.now() + seenMs);
    },
  };
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

/** The two calls that are made, over one connection that is kept: client-node would open one for each. */
function apiOf(config: KubeConfig) {
  const cluster = config.getCurrentCluster();
  if (!cluster) throw new Error('the kubeconfig has no current cluster');
  const ca = cluster.caData ? Buffer.from(cluster.caData, 'base64') : cluster.caFile && readFileSync(cluster.caFile);
  const dispatcher = new Agent({ connect: { ...(ca && { ca }) } });
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
