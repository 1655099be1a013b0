import type { Injection } from '../../function/review/injection.ts';
import type { KubernetesApi } from '../kubernetes/client.ts';
import { unless } from '../kubernetes/read.ts';
import { configMapOf, readDeployed } from './deployed-injections.ts';
import type { Installation } from './installation.ts';
import type { RevisionSpec } from './knative-service.ts';
import { readRevisions } from './revisions.ts';

/**
 * The injections that other revisions served, as far as these and their ConfigMaps are still there and may be read, the
 * newest first; of many revisions those of the last few.
 */
export async function readEarlier(
  api: KubernetesApi,
  installation: Installation,
  serving: RevisionSpec,
  most = 5,
): Promise<Injection[]> {
  const revisions = await readRevisions(api, installation);
  const configMaps = new Set(revisions.flatMap(({ spec }) => configMapOf(spec) ?? []));
  configMaps.delete(configMapOf(serving) ?? '');
  const earlier: Injection[] = [];
  for (const configMap of [...configMaps].slice(0, most)) {
    const deployed = await unless(403, readDeployed(api, installation.namespace, configMap));
    if (deployed && 'injections' in deployed) earlier.push(...deployed.injections);
  }
  return earlier;
}
