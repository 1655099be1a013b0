import type { KubernetesApi } from '../kubernetes/client.ts';
import { type Conditioned, notReady } from '../kubernetes/conditions.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { list, unless } from '../kubernetes/read.ts';
import type { Installation } from './installation.ts';
import type { RevisionSpec } from './knative-service.ts';

/** A revision of the function's Knative Service. */
export type Revision = KubernetesObject & Conditioned & { spec: RevisionSpec };

/** The revisions that serve or have served, as far as they are still there, the newest first; none where they may not be read. */
export async function readRevisions(api: KubernetesApi, { name, namespace }: Installation): Promise<Revision[]> {
  const query = `labelSelector=serving.knative.dev%2Fservice%3D${name}`;
  const path = `/apis/serving.knative.dev/v1/namespaces/${namespace}/revisions?${query}`;
  return ((await unless(403, list<Revision>(api, path))) ?? [])
    .filter((revision) => notReady(revision) === undefined)
    .sort((one, other) => createdAt(other).getTime() - createdAt(one).getTime());
}

export function createdAt({ metadata }: Revision): Date {
  return new Date(`${metadata.creationTimestamp}`);
}
