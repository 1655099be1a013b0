import type { KubernetesApi } from './client.ts';
import type { KubernetesObject } from './object.ts';

/** Where an object's kind is served: `/api/v1/namespaces/default/pods`. Throws where the API server does not serve it. */
export async function collectionPath(
  api: KubernetesApi,
  { apiVersion, kind, metadata }: Pick<KubernetesObject, 'apiVersion' | 'kind' | 'metadata'>,
): Promise<string> {
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  // A kind that is not known may be served since: by a CustomResourceDefinition, say.
  const resource = find(await discover(api, group), kind) ?? find(await discover(api, group, { again: true }), kind);
  if (!resource) throw new Error(`the API server does not serve ${kind} of ${apiVersion}`);
  const scope = resource.namespaced ? `/namespaces/${metadata.namespace ?? 'default'}` : '';
  return `${group}${scope}/${resource.name}`;
}

/** Where an object is: `/api/v1/namespaces/default/pods/busybox-1`. */
export async function objectPath(api: KubernetesApi, object: KubernetesObject): Promise<string> {
  return `${await collectionPath(api, object)}/${object.metadata.name}`;
}

interface Resource {
  /** In the plural, as paths have it; of a subresource with a slash. */
  name: string;
  kind: string;
  namespaced: boolean;
}

function find(resources: readonly Resource[], kind: string): Resource | undefined {
  return resources.find((served) => served.kind === kind && !served.name.includes('/'));
}

const discovered = new WeakMap<KubernetesApi, Map<string, Promise<Resource[]>>>();

/** What a group and version serves, of which each API server is asked once. */
async function discover(api: KubernetesApi, group: string, { again = false } = {}): Promise<Resource[]> {
  const groups = discovered.get(api) ?? new Map<string, Promise<Resource[]>>();
  discovered.set(api, groups);
  const known = groups.get(group);
  if (known && !again) return known;
  const answer = api.send<{ resources: Resource[] }>('GET', group).then(({ object }) => object.resources);
  groups.set(group, answer);
  answer.catch(() => groups.delete(group));
  return answer;
}
