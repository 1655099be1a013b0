import type { V1ConfigMap } from '@kubernetes/client-node';
import { defaultInjections } from '../../../../function/injections/default-injections.ts';
import { ConfigurationError, parseInjections } from '../../../../function/injections/load.ts';
import type { Injection } from '../../../../function/review/injection.ts';
import type { RevisionSpec } from '../../../install/knative-service.ts';
import type { KubernetesApi } from '../../../kubernetes/client.ts';
import { read } from '../../../kubernetes/read.ts';
import { commandLine } from '../../../terminal/command-line.ts';
import { broken, ok } from '../../../terminal/finding.ts';
import { check, resultOf } from '../../check.ts';
import { someOf } from '../../text.ts';
import { knativeService } from './knative-service.ts';

const file = 'injections.yaml';

/** The injections of the revision that serves; each error of the file that a newer one was given. */
export const injections = check(
  'injections',
  'Injections',
  [resultOf(knativeService)],
  async ({ api, installation: { namespace } }, { wanted, serving }) => {
    const [wantedName, servingName] = [configMapOf(wanted), configMapOf(serving)];
    const given = await injectionsIn(api, namespace, wantedName);
    const served = servingName === wantedName ? given : await injectionsIn(api, namespace, servingName);
    const found = 'injections' in served ? { found: served.injections } : {};
    if ('problem' in given) {
      const fix = [
        '# fix the file, then:',
        commandLine('check', 'FILE'),
        commandLine('deploy', '--injections FILE'),
      ].join('\n');
      return { findings: [broken(given.problem, fix)], ...found };
    }
    const names = given.injections.map(({ name }) => name);
    const origin =
      wantedName === undefined ? "the image's own, assumed to be the default ones" : `ConfigMap ${wantedName}`;
    return { findings: [ok(`${someOf(names, 5)} (${origin})`)], ...found };
  },
);

/** The ConfigMap with the injections: the only one that a revision mounts. */
function configMapOf({ volumes = [] }: RevisionSpec): string | undefined {
  return volumes.find(({ configMap }) => configMap)?.configMap?.name;
}

type Read = { injections: readonly Injection[] } | { problem: string };

async function injectionsIn(api: KubernetesApi, namespace: string, name: string | undefined): Promise<Read> {
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
