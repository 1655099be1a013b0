import { isDeepStrictEqual } from 'node:util';
import type { V1ClusterRole, V1ConfigMap, V1MutatingWebhook } from '@kubernetes/client-node';
import { ConfigurationError, parseInjections } from '../../function/injections/load.ts';
import { ensuredConfigMaps, type Injection } from '../../function/review/injection.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { callsFor, isForNamespacesOf, selectsEveryPod } from './coverage.ts';
import { entriesFor, nameLabel } from './entries.ts';
import { entryManifest } from './overlay.ts';
import { isSubset } from './selector-subset.ts';

/** What the injections of an overlay lack in its other objects, and what those have for no injection: each with its fix. */
export function coverageProblems(ours: readonly KubernetesObject[], entries: readonly V1MutatingWebhook[]): string[] {
  const text = injectionsIn(ours);
  if (!text) {
    return [
      'there are no injections: `configMapGenerator` has to merge your injections.yaml into ConfigMap hello-webhook-injections',
    ];
  }
  try {
    const injections = parseInjections(text, 'injections.yaml');
    return [...entryProblems(injections, entries), ...permissionProblems(injections, ours)];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message.split('\n');
    throw error;
  }
}

/** Where the function is called for nothing, though its injections name all their namespaces: each with the text to paste. */
export function coverageWarnings(ours: readonly KubernetesObject[], entries: readonly V1MutatingWebhook[]): string[] {
  const injections = parseInjections(injectionsIn(ours) ?? '', 'injections.yaml');
  return entries.flatMap((entry) => {
    const [wanted, ...others] = entriesFor(injections.filter((injection) => callsFor(entry, injection, injections)));
    const { namespaceSelector } = wanted ?? {};
    const isNamed = namespaceSelector?.matchExpressions?.some(
      ({ key, operator }) => key === nameLabel && operator === 'In',
    );
    if (!namespaceSelector || !isNamed || others.length > 0) return [];
    return isSubset(entry.namespaceSelector ?? {}, namespaceSelector)
      ? []
      : `webhooks entry ${entry.name} calls the function for nothing in other namespaces than those of its injections: add "namespaceSelector": ${JSON.stringify(namespaceSelector)} to it`;
  });
}

function injectionsIn(ours: readonly KubernetesObject[]): string | undefined {
  const configMap = ours.find(({ metadata }) => metadata.labels?.['app.kubernetes.io/component'] === 'injections');
  return (configMap as V1ConfigMap | undefined)?.data?.['injections.yaml'];
}

function entryProblems(injections: readonly Injection[], entries: readonly V1MutatingWebhook[]): string[] {
  const covers = (entry: V1MutatingWebhook, injection: Injection) =>
    callsFor(entry, injection, injections) && isForNamespacesOf(entry, injection);
  const isByGateway = entries.every(({ clientConfig }) => clientConfig.service);
  const uncovered = injections.filter((injection) => !entries.some((entry) => covers(entry, injection)));
  const [unselective, selective] = [
    entries.filter(selectsEveryPod),
    entries.filter((entry) => !selectsEveryPod(entry)),
  ];
  const unneeded = selective.filter((entry) => !injections.some((injection) => callsFor(entry, injection, injections)));
  return [
    ...entriesFor(uncovered).map(
      (entry) =>
        `injection ${entry.name} has no webhooks entry, so the API server never calls the function for its Pods: add ${JSON.stringify(entryManifest(entry, isByGateway))} to webhooks.yaml`,
    ),
    ...unselective.map(
      ({ name }) =>
        `webhooks entry ${name} selects every Pod of the cluster: give it the objectSelector of its injections, or remove it from webhooks.yaml`,
    ),
    ...unneeded.map(({ name }) => `no injection needs webhooks entry ${name}: remove it from webhooks.yaml`),
  ];
}

function permissionProblems(injections: readonly Injection[], ours: readonly KubernetesObject[]): string[] {
  const ensured = ensuredConfigMaps(injections);
  const roles = ours.filter(({ kind }) => kind === 'ClusterRole') as (KubernetesObject & V1ClusterRole)[];
  if (ensured.length > 0 && !roles.some(({ metadata }) => metadata.name?.endsWith(':ensure')))
    return [
      `the function has no permission to copy ${ensured.join(', ')} (\`ensure\`): \`components\` needs manifests/components/ensure`,
    ];
  return roles.flatMap(({ metadata, rules }) => {
    const permitted = (rules ?? []).flatMap(({ resourceNames = [] }) => resourceNames);
    return isDeepStrictEqual(new Set(permitted), new Set(ensured))
      ? []
      : `ClusterRole ${metadata.name} permits ${permitted.join(', ') || 'nothing'}, but the injections with \`ensure\` are of ${ensured.join(', ') || 'no ConfigMap'}: patch its \`resourceNames\``;
  });
}
