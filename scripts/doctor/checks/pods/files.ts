import type { V1Pod, V1Volume } from '@kubernetes/client-node';
import { configMapsOf, type Injection } from '../../../../function/review/injection.ts';
import type { KubernetesApi } from '../../../kubernetes/client.ts';
import { broken, type Finding, ok } from '../../../terminal/finding.ts';
import type { Seen } from '../../check.ts';
import { someOf } from '../../names.ts';
import { selects } from '../../selected-pods.ts';
import { recreationOf } from './pods.ts';

/** What a volume takes its files from, in the Pod's own namespace. */
interface Source {
  kind: 'ConfigMap' | 'Secret';
  name: string;
  /** Whether the function copies it there (`ensure`). */
  isEnsured: boolean;
}

/** Whether the ConfigMaps and Secrets of the injections are where their Pods are: without one, a Pod does not start. */
export async function lookAtFiles(
  api: KubernetesApi,
  injections: readonly Injection[],
  pods: readonly V1Pod[],
): Promise<Seen<true>> {
  const findings: Finding[] = [];
  for (const wanted of wantedBy(injections, pods)) {
    const there = await namespacesWith(api, wanted.source);
    const waiting = wanted.pods.filter(({ metadata }) => !there.has(metadata?.namespace ?? ''));
    if (waiting.length > 0) findings.push(missingFinding(wanted.source, waiting));
  }
  const good = ok('files', 'each namespace with selected Pods has what they mount');
  return { findings: findings.length > 0 ? findings : [good], found: true };
}

function missingFinding({ kind, name, isEnsured }: Source, pods: readonly V1Pod[]): Finding {
  const lacking = [...new Set(pods.map(({ metadata }) => metadata?.namespace ?? ''))].sort();
  const text = `${kind} ${name} is not there in ${someOf(lacking)}: the Pods wait for it`;
  if (isEnsured) {
    const anew = lacking.flatMap((namespace) => pods.find(({ metadata }) => metadata?.namespace === namespace) ?? []);
    return broken('files', text, `mend ensure; the function copies it as a Pod is created:\n${recreationOf(anew)}`);
  }
  const create = `kubectl -n ${lacking[0]} create ${kind === 'Secret' ? 'secret generic' : 'configmap'} ${name} --from-file=…`;
  return broken('files', text, kind === 'Secret' ? create : `${create}, or ensure: true on the injection`);
}

interface Wanted {
  source: Source;
  pods: V1Pod[];
}

function wantedBy(injections: readonly Injection[], pods: readonly V1Pod[]): Iterable<Wanted> {
  const all = new Map<string, Wanted>();
  for (const injection of injections) {
    const selected = pods.filter((pod) => selects(injection, pod));
    for (const source of sourcesOf(injection)) {
      const title = `${source.kind} ${source.name}`;
      const wanted = all.get(title) ?? { source, pods: [] };
      // One that was not injected makes the function copy it once it is created anew.
      const needing = source.isEnsured ? selected.filter((pod) => mounts(pod, source)) : selected;
      all.set(title, { ...wanted, pods: [...wanted.pods, ...needing] });
    }
  }
  return all.values();
}

function mounts({ spec }: V1Pod, { name }: Source): boolean {
  return (spec?.volumes ?? []).some((volume) => configMapsOf(volume).includes(name));
}

/** Those that must be there: not the optional ones. */
function sourcesOf({ volume, ensure: isEnsured = false }: Injection): Source[] {
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

/** The namespaces that have one of this name. Asked for without its content, which for a Secret is nobody's business here. */
async function namespacesWith(api: KubernetesApi, { kind, name }: Source): Promise<Set<string>> {
  const path = `/api/v1/${kind.toLowerCase()}s?fieldSelector=metadata.name%3D${name}`;
  const accept = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
  const { object } = await api.send<{ items: { metadata: { namespace: string } }[] | null }>('GET', path, { accept });
  return new Set(object.items?.map(({ metadata }) => metadata.namespace));
}
