import type { V1Namespace } from '@kubernetes/client-node';
import type { Namespace } from '../../function/copies/namespaces.ts';
import type { KubernetesApi } from '../kubernetes/client.ts';
import { list } from '../kubernetes/read.ts';

/** A namespace that is there, if only until it is deleted. */
interface ClusterNamespace extends Namespace {
  isBeingDeleted: boolean;
}

/** All namespaces of a cluster, with their labels. */
export async function readNamespaces(api: KubernetesApi): Promise<ClusterNamespace[]> {
  const all = await list<V1Namespace>(api, '/api/v1/namespaces');
  return all.map(({ metadata: { name = '', labels = {}, deletionTimestamp } = {} }) => ({
    name,
    labels,
    isBeingDeleted: deletionTimestamp !== undefined,
  }));
}
