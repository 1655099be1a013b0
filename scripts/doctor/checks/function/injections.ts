import type { V1ConfigMap } from '@kubernetes/client-node';
import { defaultInjections } from '../../../../function/injections/default-injections.ts';
import { ConfigurationError, parseInjections } from '../../../../function/injections/load.ts';
import type { Injection } from '../../../../function/review/injection.ts';
import type { Installation } from '../../../install/installation.ts';
import type { RevisionSpec } from '../../../install/knative-service.ts';
import type { KubernetesApi } from '../../../kubernetes/client.ts';
import { read } from '../../../kubernetes/read.ts';
import { broken, ok } from '../../../terminal/finding.ts';
import type { Seen } from '../../check.ts';
import { someOf } from '../../names.ts';
import type { Deployed } from './function.ts';

const file = 'injections.yaml';

/** The injections of the revision that serves; a bad file that a newer one was given is told of line by line. */
export async function lookAtInjections(
  api: KubernetesApi,
  { namespace }: Installation,
  { wanted, serving }: Deployed,
): Promise<Seen<readonly Injection[]>> {
  const [wantedName, servingName] = [configMapOf(wanted), configMapOf(serving)];
  const given = await injectionsIn(api, namespace, wantedName);
  const served = servingName === wantedName ? given : await injectionsIn(api, namespace, servingName);
  const found = 'injections' in served ? { found: served.injections } : {};
  if ('problem' in given) {
    const fix = `mend the file: npm run check -- FILE, then npm run deploy -- --injections FILE`;
    return { findings: [broken('injections', given.problem, fix)], ...found };
  }
  const names = someOf(
    given.injections.map(({ name }) => name),
    5,
  );
  const origin =
    wantedName === undefined
      ? "the image's own, taken for function/injections/injections.yaml"
      : `ConfigMap ${wantedName}`;
  return { findings: [ok('injections', `${names} (${origin})`)], ...found };
}

/** The ConfigMap with the injections: the only one that a revision mounts. */
function configMapOf({ volumes = [] }: RevisionSpec): string | undefined {
  return volumes.find(({ configMap }) => configMap)?.configMap?.name;
}

type Read = { injections: readonly Injection[] } | { problem: string };

async function injectionsIn(api: KubernetesApi, namespace: string, name: string | undefined): Promise<Read> {
  if (name === undefined) return { injections: defaultInjections };
  const configMap = await read<V1ConfigMap>(api, `/api/v1/namespaces/${namespace}/configmaps/${name}`);
  if (!configMap) return { problem: `ConfigMap ${name} is not there in ${namespace}` };
  const text = configMap.data?.[file];
  if (text === undefined) return { problem: `ConfigMap ${name} has no ${file}` };
  try {
    return { injections: parseInjections(text, `${name}/${file}`) };
  } catch (error) {
    if (error instanceof ConfigurationError) return { problem: error.message.replaceAll('\n', '; ') };
    throw error;
  }
}
