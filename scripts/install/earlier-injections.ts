import type { Injection } from '../../function/review/injection.ts';
import type { KubernetesApi } from '../kubernetes/client.ts';
import { type Conditioned, notReady } from '../kubernetes/conditions.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { list, unless } from '../kubernetes/read.ts';
import { configMapOf, readDeployed } from './deployed-injections.ts';
import type { Installation } from './installation.ts';
import type { RevisionSpec } from './knative-service.ts';

type Revision = KubernetesObject & Conditioned & { spec: RevisionSpec };

/**
 * The injections that other revisions served, as far as these and their ConfigMaps are still there, the newest first; of
 * many revisions those of the last few.
 */
export async function readEarlier(
  api: KubernetesApi,
  { name, namespace }: Installation,
  serving: RevisionSpec,
  most = 5,
): Promise<Injection[]> {
  const query = `labelSelector=serving.knative.dev%2Fservice%3D${name}`;
  const path = `/apis/serving.knative.dev/v1/namespaces/${namespace}/revisions?${query}`;
  const revisions = ((await unless(403, list<Revision>(api, path))) ?? [])
    .filter((revision) => notReady(revision) === undefined)
    .sort((one, other) => createdAt(other) - createdAt(one));
  const configMaps = new Set(revisions.flatMap(({ spec }) => configMapOf(spec) ?? []));
  configMaps.delete(configMapOf(serving) ?? '');
  const earlier: Injection[] = [];
  for (const configMap of [...configMaps].slice(0, most)) {
    const deployed = await readDeployed(api, namespace, configMap);
    if ('injections' in deployed) earlier.push(...deployed.injections);
  }
  return earlier;
}

function createdAt({ metadata }: KubernetesObject): number {
  return new Date(`${metadata.creationTimestamp}`).getTime();
}
