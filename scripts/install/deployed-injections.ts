import type { V1ConfigMap } from '@kubernetes/client-node';
import { defaultInjections } from '../../function/injections/default-injections.ts';
import { ConfigurationError, parseInjections } from '../../function/injections/load.ts';
import type { Injection } from '../../function/review/injection.ts';
import type { KubernetesApi } from '../kubernetes/client.ts';
import { dataChanged } from '../kubernetes/data-changed.ts';
import { read } from '../kubernetes/read.ts';
import type { Installation } from './installation.ts';
import type { RevisionSpec } from './knative-service.ts';
import { createdAt, readRevisions } from './revisions.ts';

const file = 'injections.yaml';

/** The injections of a revision, or what is wrong with them, in one line. */
export type Deployed = { injections: readonly Injection[] } | { problem: string };

/** The ConfigMap with the injections: the only one that a revision mounts. None where the image has them. */
export function configMapOf({ volumes = [] }: RevisionSpec): string | undefined {
  return volumes.find(({ configMap }) => configMap)?.configMap?.name;
}

/**
 * When the injections of the revision that serves were last changed, or came to serve again where others did in between;
 * undefined where the image has them.
 */
export async function deployedAt(
  api: KubernetesApi,
  installation: Installation,
  serving: RevisionSpec,
): Promise<Date | undefined> {
  const name = configMapOf(serving);
  if (name === undefined) return undefined;
  const configMap = await read<V1ConfigMap>(api, `/api/v1/namespaces/${installation.namespace}/configmaps/${name}`);
  const times = [dataChanged(configMap?.metadata ?? {}), await returnedAt(api, installation, name)];
  return times.sort((one, other) => Number(other ?? 0) - Number(one ?? 0))[0];
}

/** When the function returned to injections that it had before others: the first revision with them since those. */
async function returnedAt(api: KubernetesApi, installation: Installation, name: string): Promise<Date | undefined> {
  const revisions = await readRevisions(api, installation);
  const last = revisions.findIndex(({ spec }) => configMapOf(spec) === name);
  const others = revisions.findIndex(({ spec }, index) => index > last && configMapOf(spec) !== name);
  const first = revisions[others - 1];
  return last >= 0 && first ? createdAt(first) : undefined;
}

/** Reads the injections in a ConfigMap of that name; without a name those of the image, taken to be the default ones. */
export async function readDeployed(api: KubernetesApi, namespace: string, name: string | undefined): Promise<Deployed> {
  if (name === undefined) return { injections: defaultInjections };
  const configMap = await read<V1ConfigMap>(api, `/api/v1/namespaces/${namespace}/configmaps/${name}`);
  if (!configMap) return { problem: `ConfigMap ${name} not found in ${namespace}` };
  const text = configMap.data?.[file];
  if (text === undefined) return { problem: `ConfigMap ${name} has no ${file}` };
  try {
    return { injections: parseInjections(text, `${name}/${file}`) };
  } catch (error) {
    if (error instanceof ConfigurationError) return { problem: error.message.replaceAll('\n', '; ') };
    throw error;
  }
}
