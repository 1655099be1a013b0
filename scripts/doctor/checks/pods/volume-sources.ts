import type { V1Pod, V1Volume } from '@kubernetes/client-node';
import { configMapsOf, type Injection } from '../../../../function/review/injection.ts';
import type { KubernetesApi } from '../../../kubernetes/client.ts';
import { broken, type Finding, ok } from '../../../terminal/finding.ts';
import { shell } from '../../../terminal/output.ts';
import { check, resultOf } from '../../check.ts';
import type { Namespaces } from '../../namespaces.ts';
import { restartCommands } from '../../restart.ts';
import { someOf } from '../../text.ts';
import { namespaces } from '../admission/namespaces.ts';
import { injections } from '../function/injections.ts';
import { selectedPods, selects } from './selected-pods.ts';

/** What a volume takes its files from, in the Pod's own namespace. */
export interface Source {
  kind: 'ConfigMap' | 'Secret';
  name: string;
  /** Whether the function copies it there (`ensure`). */
  isEnsured: boolean;
}

/** Whether the ConfigMaps and Secrets of the injections are where their Pods are: without one, a Pod does not start. */
export const volumeSources = check(
  'volume-sources',
  'Volume sources',
  [resultOf(injections), resultOf(selectedPods), namespaces],
  async ({ api }, all, pods, known) => {
    const findings: Finding[] = [];
    for (const { source, users } of usesBy(all, pods, known)) {
      const present = await namespacesWith(api, source);
      const waiting = users.filter(({ metadata }) => !present.has(metadata?.namespace ?? ''));
      if (waiting.length > 0) findings.push(missingFinding(source, waiting));
    }
    const good = ok('each namespace with selected Pods has the ConfigMaps and Secrets that they mount');
    return { findings: findings.length > 0 ? findings : [good] };
  },
);

export function missingFinding({ kind, name, isEnsured }: Source, pods: readonly V1Pod[]): Finding {
  const lacking = [...new Set(pods.map(({ metadata }) => metadata?.namespace ?? ''))].sort();
  const text = `${kind} ${name} not found in ${someOf(lacking)}: Pods there wait for it`;
  if (isEnsured) {
    const again = lacking.flatMap((namespace) => pods.find(({ metadata }) => metadata?.namespace === namespace) ?? []);
    const how = '# once Sources of copies, ServiceAccount and Permissions are ok, creating a Pod has it copied:';
    return broken(text, `${how}\n${restartCommands(again)}`);
  }
  const [first] = lacking;
  const create = shell`kubectl -n ${first} create ${kind === 'Secret' ? ['secret', 'generic'] : 'configmap'} ${name} --from-file=…`;
  return broken(text, kind === 'Secret' ? create : `${create} # or set ensure: true on the injection`);
}

interface Use {
  source: Source;
  users: V1Pod[];
}

function usesBy(all: readonly Injection[], pods: readonly V1Pod[], known: Namespaces): Iterable<Use> {
  const uses = new Map<string, Use>();
  for (const injection of all) {
    const selected = pods.filter((pod) => selects(injection, pod, known));
    for (const source of sourcesOf(injection)) {
      const title = `${source.kind} ${source.name}`;
      const { users } = uses.get(title) ?? { users: [] };
      // One that was not injected has the function copy it once it is created again.
      const more = source.isEnsured ? selected.filter((pod) => mounts(pod, source)) : selected;
      uses.set(title, { source, users: [...users, ...more] });
    }
  }
  return uses.values();
}

function mounts({ spec }: V1Pod, { name }: Source): boolean {
  return (spec?.volumes ?? []).some((volume) => configMapsOf(volume).includes(name));
}

/** Those that must be there: not the optional ones. */
export function sourcesOf({ volume, ensure: isEnsured = false }: Injection): Source[] {
  const required = requiredOf(volume);
  const secrets = [
    required.secret?.secretName,
    ...(required.projected?.sources ?? []).map(({ secret }) => secret?.name),
  ];
  return [
    ...configMapsOf(required).map((name) => ({ kind: 'ConfigMap' as const, name, isEnsured })),
    ...secrets.flatMap((name) => (name ? [{ kind: 'Secret' as const, name, isEnsured: false }] : [])),
  ];
}

/** The volume without the sources that are optional. */
function requiredOf(volume: V1Volume = { name: '' }): V1Volume {
  const { name, configMap, secret, projected } = volume;
  const sources = projected?.sources?.filter((source) => !(source.configMap?.optional || source.secret?.optional));
  return {
    name,
    ...(configMap && !configMap.optional && { configMap }),
    ...(secret && !secret.optional && { secret }),
    ...(sources && { projected: { sources } }),
  };
}

/** The namespaces that have one of this name. Read without its content, which for a Secret is nobody's business here. */
async function namespacesWith(api: KubernetesApi, { kind, name }: Source): Promise<Set<string>> {
  const path = `/api/v1/${kind.toLowerCase()}s?fieldSelector=metadata.name%3D${name}`;
  const accept = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
  const { object } = await api.send<{ items: { metadata: { namespace: string } }[] | null }>('GET', path, { accept });
  return new Set(object.items?.map(({ metadata }) => metadata.namespace));
}
