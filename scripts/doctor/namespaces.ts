import type { V1Namespace } from '@kubernetes/client-node';
import type { KubernetesApi } from '../kubernetes/client.ts';
import { list, unless } from '../kubernetes/read.ts';

/** The cluster's namespaces and their labels; none where they must not be listed. */
export type Namespaces = ReadonlyMap<string, Readonly<Record<string, string>>>;

export async function readNamespaces(api: KubernetesApi): Promise<Namespaces> {
  const all = (await unless(403, list<V1Namespace>(api, '/api/v1/namespaces'))) ?? [];
  return new Map(all.map(({ metadata }) => [metadata?.name ?? '', metadata?.labels ?? {}]));
}

/** The labels of a namespace: at least its name, which the API server sets on each. */
export function labelsOf(namespaces: Namespaces, name: string): Readonly<Record<string, string>> {
  return namespaces.get(name) ?? { 'kubernetes.io/metadata.name': name };
}
