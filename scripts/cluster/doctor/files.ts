import type { V1Pod, V1Volume } from '@kubernetes/client-node';
import { configMapsOf, type Injection } from '../../../function/injection.ts';
import { broken, type Finding, ok } from '../finding.ts';
import type { KubernetesApi } from '../kubernetes-api.ts';
import type { Seen } from './link.ts';
import { someOf } from './names.ts';
import { selects } from './selected-pods.ts';

/** What a volume takes its files from, in the Pod's own namespace. */
interface Source {
  kind: 'ConfigMap' | 'Secret';
  name: string;
}

/** Whether the ConfigMaps and Secrets of the injections are where their Pods are: without one, a Pod does not start. */
export async function lookAtFiles(
  api: KubernetesApi,
  injections: readonly Injection[],
  pods: readonly V1Pod[],
): Promise<Seen<true>> {
  const findings: Finding[] = [];
  for (const [title, wanted] of wantedBy(injections, pods)) {
    const there = await namespacesWith(api, wanted.source);
    const lacking = [...wanted.namespaces].filter((namespace) => !there.has(namespace)).sort();
    const [first] = lacking;
    if (first === undefined) continue;
    const type = wanted.source.kind === 'Secret' ? 'secret generic' : 'configmap';
    const fix = `kubectl -n ${first} create ${type} ${wanted.source.name} --from-file=…${wanted.source.kind === 'ConfigMap' ? ', or ensure: true on the injection' : ''}`;
    findings.push(broken('files', `${title} is not there in ${someOf(lacking)}: the Pods wait for it`, fix));
  }
  const good = ok('files', 'each namespace with selected Pods has what they mount');
  return { findings: findings.length > 0 ? findings : [good], found: true };
}

type Wanted = Map<string, { source: Source; namespaces: Set<string> }>;

function wantedBy(injections: readonly Injection[], pods: readonly V1Pod[]): Wanted {
  const wanted: Wanted = new Map();
  for (const injection of injections) {
    const namespaces = pods.filter((pod) => selects(injection, pod)).map(({ metadata }) => metadata?.namespace ?? '');
    if (namespaces.length === 0) continue;
    for (const source of sourcesOf(injection)) {
      const title = `${source.kind} ${source.name}`;
      const before = wanted.get(title)?.namespaces ?? [];
      wanted.set(title, { source, namespaces: new Set([...before, ...namespaces]) });
    }
  }
  return wanted;
}

/** Those that must be there: neither optional nor copied by the function. */
function sourcesOf({ volume, ensure }: Injection): Source[] {
  const required = requiredOf(volume);
  const configMaps = ensure ? [] : configMapsOf(required).map((name) => ({ kind: 'ConfigMap' as const, name }));
  const secrets = [
    required.secret?.secretName,
    ...(required.projected?.sources ?? []).map(({ secret }) => secret?.name),
  ];
  return [...configMaps, ...secrets.flatMap((name) => (name ? [{ kind: 'Secret' as const, name }] : []))];
}

/** The volume without the sources that are optional. */
function requiredOf({ name, configMap, secret, projected }: V1Volume): V1Volume {
  const sources = projected?.sources?.filter((source) => !(source.configMap?.optional || source.secret?.optional));
  return {
    name,
    ...(configMap && !configMap.optional && { configMap }),
    ...(secret && !secret.optional && { secret }),
    ...(sources && { projected: { sources } }),
  };
}

/** The namespaces that have one of this name. Asked for without its content, which for a Secret is nobody's business here. */
async function namespacesWith(api: KubernetesApi, { kind, name }: Source): Promise<Set<string>> {
  const path = `/api/v1/${kind.toLowerCase()}s?fieldSelector=metadata.name%3D${name}`;
  const accept = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
  const { object } = await api.send<{ items: { metadata: { namespace: string } }[] | null }>('GET', path, { accept });
  return new Set(object.items?.map(({ metadata }) => metadata.namespace));
}
