import type { V1ConfigMap } from '@kubernetes/client-node';
import { defaultInjections } from '../../function/injections/default-injections.ts';
import { ConfigurationError, parseInjections } from '../../function/injections/load.ts';
import type { Injection } from '../../function/review/injection.ts';
import type { KubernetesApi } from '../kubernetes/client.ts';
import { dataChanged } from '../kubernetes/data-changed.ts';
import { read } from '../kubernetes/read.ts';
import type { RevisionSpec } from './knative-service.ts';

const file = 'injections.yaml';

/** The injections of a revision, or what is wrong with them, in one line. */
export type Deployed = { injections: readonly Injection[] } | { problem: string };

/** The ConfigMap with the injections: the only one that a revision mounts. None where the image has them. */
export function configMapOf({ volumes = [] }: RevisionSpec): string | undefined {
  return volumes.find(({ configMap }) => configMap)?.configMap?.name;
}

/** When the injections of a revision were last changed; undefined where the image has them. */
export async function deployedAt(
  api: KubernetesApi,
  namespace: string,
  revision: RevisionSpec,
): Promise<Date | undefined> {
  const name = configMapOf(revision);
  if (name === undefined) return undefined;
  const configMap = await read<V1ConfigMap>(api, `/api/v1/namespaces/${namespace}/configmaps/${name}`);
  return dataChanged(configMap?.metadata ?? {});
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
