import type { V1ConfigMap } from '@kubernetes/client-node';
import { type CopyState, copyOf, fieldManager, stateOf } from '../../function/copies/copy.ts';
import { apply } from '../kubernetes/apply.ts';
import type { KubernetesApi } from '../kubernetes/client.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { read, unless } from '../kubernetes/read.ts';
import { type Copy, listCopies } from './copies.ts';
import type { Installation } from './installation.ts';

/** What became of a copy. */
export type SyncOutcome = Exclude<CopyState, 'out of date'> | 'updated' | 'would be updated' | 'without source';

/** A copy, by where it is, and what became of it. */
export interface Synced {
  namespace: string;
  name: string;
  outcome: SyncOutcome;
}

interface SyncOptions {
  dryRun: boolean;
  /** Whether copies that somebody changed become as their source again. */
  force: boolean;
}

/** Brings the copies of an installation's ConfigMaps up to date with their sources, and yields what became of each. */
export async function* syncCopies(
  api: KubernetesApi,
  installation: Installation,
  options: SyncOptions,
): AsyncGenerator<Synced, void> {
  for (const copy of await listCopies(api, installation)) {
    const { name, namespace } = copy.metadata;
    const path = `/api/v1/namespaces/${installation.namespace}/configmaps/${name}`;
    const source = await read<V1ConfigMap>(api, path);
    yield { namespace, name, outcome: source ? await sync(api, copy, source, options) : 'without source' };
  }
}

async function sync(
  api: KubernetesApi,
  copy: Copy,
  source: V1ConfigMap,
  { dryRun, force }: SyncOptions,
): Promise<SyncOutcome> {
  const wanted = copyOf(source, copy.metadata.namespace);
  const state = stateOf(copy, wanted);
  if (state === 'up to date' || state === 'immutable' || (state === 'changed' && !force)) return state;
  if (force && !dryRun) await removeOtherKeys(api, copy, wanted);
  const applied = await unless(409, apply(api, wanted as unknown as KubernetesObject, { fieldManager, dryRun, force }));
  if (!applied) return 'changed';
  return dryRun ? 'would be updated' : 'updated';
}

/** Removes what others have added: server-side apply leaves their keys where they are. */
async function removeOtherKeys(api: KubernetesApi, copy: Copy, wanted: V1ConfigMap): Promise<void> {
  const others = (field: 'data' | 'binaryData') =>
    Object.fromEntries(
      Object.keys(copy[field] ?? {})
        .filter((key) => wanted[field]?.[key] === undefined)
        .map((key) => [key, null]),
    );
  const { name, namespace } = copy.metadata;
  await api.send('PATCH', `/api/v1/namespaces/${namespace}/configmaps/${name}?fieldManager=${fieldManager}`, {
    body: { data: others('data'), binaryData: others('binaryData') },
    contentType: 'application/merge-patch+json',
  });
}
