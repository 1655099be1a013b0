import type { V1ConfigMap } from '@kubernetes/client-node';
import { type CopyState, copyOf, fieldManager, stateOf } from '../../function/copies/copy.ts';
import { isEnsured, type Namespace } from '../../function/copies/namespaces.ts';
import type { Injection } from '../../function/review/injection.ts';
import { apply } from '../kubernetes/apply.ts';
import type { KubernetesApi } from '../kubernetes/client.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { read, unless } from '../kubernetes/read.ts';
import { readNamespaces } from './cluster-namespaces.ts';
import { type Copy, listCopies } from './copies.ts';
import { configMapOf, readDeployed } from './deployed-injections.ts';
import type { Installation } from './installation.ts';
import { readService } from './knative-service.ts';

/** What became of a copy. */
export type SyncOutcome =
  | Exclude<CopyState, 'out of date'>
  | 'updated'
  | 'would be updated'
  | 'not ensured'
  | 'without source';

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

/**
 * Brings the copies of an installation's ConfigMaps up to date with their sources, and yields what became of each. Only
 * those are written that an injection ensures there: a copy says where it is from, but who may write ConfigMaps in its
 * namespace may have said so. Throws where the function is not found, or its injections are invalid.
 */
export async function* syncCopies(
  api: KubernetesApi,
  installation: Installation,
  options: SyncOptions,
): AsyncGenerator<Synced, void> {
  const injections = await injectionsOf(api, installation);
  const labels = await namespaceLabels(api);
  for (const copy of await listCopies(api, installation)) {
    const { name, namespace } = copy.metadata;
    if (!isEnsured(name, { name: namespace, labels: labels.get(namespace) ?? {} }, injections)) {
      yield { namespace, name, outcome: 'not ensured' };
      continue;
    }
    const path = `/api/v1/namespaces/${installation.namespace}/configmaps/${name}`;
    const source = await read<V1ConfigMap>(api, path);
    yield { namespace, name, outcome: source ? await sync(api, copy, source, options) : 'without source' };
  }
}

async function namespaceLabels(api: KubernetesApi): Promise<Map<string, Namespace['labels']>> {
  return new Map((await readNamespaces(api)).map(({ name, labels }) => [name, labels]));
}

async function injectionsOf(api: KubernetesApi, installation: Installation): Promise<readonly Injection[]> {
  const { name, namespace } = installation;
  const service = await readService(api, installation);
  if (!service) throw new Error(`Knative Service ${name} not found in ${namespace}: its injections say what is copied`);
  const deployed = await readDeployed(api, namespace, configMapOf(service.spec.template.spec));
  if ('problem' in deployed) throw new Error(`the injections are invalid, nothing was changed: ${deployed.problem}`);
  return deployed.injections;
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
