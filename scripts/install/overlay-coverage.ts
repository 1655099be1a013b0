import { isDeepStrictEqual } from 'node:util';
import type { V1ClusterRole, V1ConfigMap, V1MutatingWebhook } from '@kubernetes/client-node';
import { ConfigurationError, parseInjections } from '../../function/injections/load.ts';
import { ensuredConfigMaps, type Injection } from '../../function/review/injection.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { callsFor, isForNamespacesOf } from './coverage.ts';
import { entriesFor } from './entries.ts';
import { entryManifest } from './overlay.ts';

/** What the injections of an overlay lack in its other objects, and what those have for no injection: each with its fix. */
export function coverageProblems(ours: readonly KubernetesObject[], entries: readonly V1MutatingWebhook[]): string[] {
  const configMap = ours.find(({ metadata }) => metadata.labels?.['app.kubernetes.io/component'] === 'injections');
  const { 'injections.yaml': text } = (configMap as V1ConfigMap | undefined)?.data ?? {};
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

function entryProblems(injections: readonly Injection[], entries: readonly V1MutatingWebhook[]): string[] {
  const covers = (entry: V1MutatingWebhook, injection: Injection) =>
    callsFor(entry, injection, injections) && isForNamespacesOf(entry, injection);
  const isByGateway = entries.every(({ clientConfig }) => clientConfig.service);
  const uncovered = injections.filter((injection) => !entries.some((entry) => covers(entry, injection)));
  const unneeded = entries.filter((entry) => !injections.some((injection) => callsFor(entry, injection, injections)));
  return [
    ...entriesFor(uncovered).map(
      (entry) =>
        `injection ${entry.name} has no webhooks entry, so the API server never calls the function for its Pods: add ${JSON.stringify(entryManifest(entry, isByGateway))} to webhooks.yaml`,
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
