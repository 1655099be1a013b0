import { isDeepStrictEqual } from 'node:util';
import type {
  AdmissionregistrationV1WebhookClientConfig as ClientConfig,
  V1LabelSelector,
  V1LabelSelectorRequirement,
  V1MutatingWebhook,
} from '@kubernetes/client-node';
import type { Injection } from '../../function/review/injection.ts';
import { shareNamespaceSelector } from '../../function/review/namespaces.ts';
import { selectsName } from '../../function/review/selector.ts';

export type Selecting = Pick<Injection, 'name' | 'selector' | 'namespaceSelector' | 'namespaces'>;

/** What a webhooks entry has of its own; the rest is manifests/base/entry.yaml. */
export interface Entry extends Pick<V1MutatingWebhook, 'name' | 'objectSelector' | 'namespaceSelector'> {
  /** The injection in the path below /mutate; none for those without a namespaceSelector. */
  callName?: string;
}

/**
 * An entry for each distinct selector, with its namespaceSelector, of these injections, so that no injection waits for a
 * call that never comes, named after the first injection that it is for.
 */
export function entriesFor(injections: readonly Selecting[]): Entry[] {
  const isSame = (one: Selecting, other: Selecting) =>
    isDeepStrictEqual(one.selector, other.selector) && shareNamespaceSelector(one, other);
  return injections
    .filter((one, index) => injections.findIndex((other) => isSame(one, other)) === index)
    .map((one) =>
      entryFor(
        one,
        injections.filter((other) => isSame(one, other)),
      ),
    );
}

/** The label that the API server sets on each namespace: its name. */
export const nameLabel = 'kubernetes.io/metadata.name';

function entryFor({ name, selector, namespaceSelector: own }: Selecting, all: readonly Selecting[]): Entry {
  const matchExpressions = [...(own?.matchExpressions ?? []), ...nameExpressions(all)];
  const namespaceSelector: V1LabelSelector = { ...own, ...(matchExpressions.length > 0 && { matchExpressions }) };
  return {
    name,
    objectSelector: selector,
    ...(Object.keys(namespaceSelector).length > 0 && { namespaceSelector }),
    ...(own && { callName: name }),
  };
}

/** As far as a LabelSelector can say by exact names which namespaces injections are for; no selector has globs. */
function nameExpressions(all: readonly Selecting[]): V1LabelSelectorRequirement[] {
  const included = all.flatMap(({ namespaces }) => namespaces?.include ?? ['*']);
  const excluded = exactNames(all.flatMap(({ namespaces }) => namespaces?.exclude ?? [])).filter(
    (name) => !all.some(({ namespaces }) => selectsName(namespaces, name)),
  );
  return [
    ...(exactNames(included).length === included.length
      ? [{ key: nameLabel, operator: 'In', values: [...new Set(included)] }]
      : []),
    ...(excluded.length > 0 ? [{ key: nameLabel, operator: 'NotIn', values: [...new Set(excluded)] }] : []),
  ];
}

/** Those without globs. */
export function exactNames(names: readonly string[] = []): string[] {
  return names.filter((name) => !/[*?]/.test(name));
}

/**
 * The injection that a call names, of these names; undefined where it names none. What comes before it, or is as long as
 * none of them, is a caller's token.
 */
export function callNameOf({ url, service }: ClientConfig, names: readonly string[]): string | undefined {
  const path = service ? (service.path ?? '/') : new URL(url ?? '').pathname;
  const below = path.split('/').slice(2).filter(Boolean);
  const last = below.at(-1);
  if (last === undefined || names.includes(last)) return last;
  return below.length === 1 && last.length >= 32 ? undefined : last;
}
