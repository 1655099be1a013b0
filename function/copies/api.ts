import { readFileSync } from 'node:fs';
import {
  ApiException,
  CoreV1Api,
  createConfiguration,
  type KubeConfig,
  type RequestContext,
  type ResponseContext,
  ServerConfiguration,
  type V1ConfigMap,
} from '@kubernetes/client-node';
import { Agent } from 'undici';
import { fieldManager } from './copy.ts';
import type { Namespace } from './namespaces.ts';

/** Which component of the manifests gives the permissions. */
export type Component = 'ensure' | 'sync';

/** Calls to the API server at once, each on a connection of its own. */
const maxConnections = 4;

/** The calls that are made, over a few connections that are kept: client-node would open one for each. */
export function apiOf(config: KubeConfig, component: Component) {
  const cluster = config.getCurrentCluster();
  if (!cluster) throw new Error('the kubeconfig has no current cluster');
  const ca = cluster.caData ? Buffer.from(cluster.caData, 'base64') : cluster.caFile && readFileSync(cluster.caFile);
  const dispatcher = new Agent({ connections: maxConnections, connect: { ...(ca && { ca }) } });
  const client = (signal: AbortSignal, contentType?: string) =>
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
    namespaces: async (signal: AbortSignal): Promise<Namespace[]> => {
      const { items } = await client(signal)
        .listNamespace()
        .catch((error) => failed(error, 'list namespaces', component));
      return items.map(({ metadata: { name = '', labels = {} } = {} }) => ({ name, labels }));
    },
    read: (namespace: string, name: string, signal: AbortSignal): Promise<V1ConfigMap | undefined> =>
      client(signal)
        .readNamespacedConfigMap({ namespace, name })
        .catch((error) =>
          isStatus(error, 404) ? undefined : failed(error, `read ConfigMap ${name} in ${namespace}`, component),
        ),
    /** Server-side and not forced: 409 says that somebody else has made or changed it meanwhile. */
    apply: (
      wanted: V1ConfigMap,
      there: V1ConfigMap | undefined,
      signal: AbortSignal,
    ): Promise<V1ConfigMap | undefined> => {
      const { name = '', namespace = '' } = wanted.metadata ?? {};
      const resourceVersion = there?.metadata?.resourceVersion;
      const body = { ...wanted, metadata: { ...wanted.metadata, ...(resourceVersion && { resourceVersion }) } };
      return client(signal, 'application/apply-patch+yaml')
        .patchNamespacedConfigMap({ namespace, name, body, fieldManager, force: false })
        .catch((error) =>
          isStatus(error, 409)
            ? undefined
            : failed(error, `${there ? 'update' : 'create'} ConfigMap ${name} in ${namespace}`, component),
        );
    },
  };
}

function isStatus(error: unknown, status: number): boolean {
  return error instanceof ApiException && error.code === status;
}

/** Throws what failed and why, without anything of the ConfigMap. */
function failed(error: unknown, action: string, component: Component): never {
  throw new Error(`cannot ${action}: ${reasonOf(error, component)}`, { cause: error });
}

function reasonOf(error: unknown, component: Component): string {
  if (error instanceof ApiException)
    return error.code === 403 ? `forbidden: apply the component ${component}` : `HTTP ${error.code}`;
  const { name, message, cause } = error as Error;
  if (name === 'TimeoutError' || name === 'AbortError') return 'the API server did not answer in time';
  return (cause as { code?: string } | undefined)?.code ?? message;
}
