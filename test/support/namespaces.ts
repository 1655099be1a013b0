import { setTimeout as delay } from 'node:timers/promises';
import type { KubernetesApi } from '../../scripts/kubernetes/client.ts';
import type { KubernetesObject } from '../../scripts/kubernetes/object.ts';
import { list, unless } from '../../scripts/kubernetes/read.ts';

/** Does until `cleanup` what the namespace controller does: lets go of namespaces that are deleted. What is in them stays in the store. */
export function finalizeNamespaces(api: KubernetesApi, cleanup: AsyncDisposableStack): void {
  const stopped = new AbortController();
  const work = (async () => {
    while (!stopped.signal.aborted) {
      const namespaces = await list<KubernetesObject>(api, '/api/v1/namespaces');
      for (const namespace of namespaces.filter(({ metadata }) => metadata.deletionTimestamp)) {
        const body = { ...namespace, spec: {} };
        await unless(
          409,
          unless(404, api.send('PUT', `/api/v1/namespaces/${namespace.metadata.name}/finalize`, { body })),
        );
      }
      await delay(50);
    }
  })();
  cleanup.defer(async () => {
    stopped.abort();
    await work;
  });
}
