import type { V1EnvVar } from '@kubernetes/client-node';
import { stringify } from 'yaml';
import type { Injection } from '../../function/review/injection.ts';
import { unmetBy } from '../../function/review/selection.ts';
import { type KubernetesObject, titleOf } from '../kubernetes/object.ts';
import { print, shell } from '../terminal/output.ts';
import { formatTable } from '../terminal/table.ts';

/** The cells NAME to AGE of Pods that no API server has stored, as `kubectl get pod` would show them. */
export function unstoredRows(pods: readonly KubernetesObject[]): string[][] {
  return pods.map(({ metadata, spec }) => {
    const { containers } = spec as { containers: unknown[] };
    return [metadata.name ?? `${metadata.generateName}…`, `0/${containers.length}`, 'Pending', '0', '0s'];
  });
}

/**
 * Prints Pods as `kubectl get pod -L …` does, with the labels that the injections set, the volumes, mounts and injected
 * variables of those that were injected, and why no injection is for the others. `rows` has the cells NAME to AGE of each Pod.
 */
export function printPods(
  pods: readonly KubernetesObject[],
  rows: readonly (readonly string[])[],
  injections: readonly Injection[],
): void {
  const labels = labelsOf(injections);
  const namespaces = pods.map(({ metadata }) => metadata.namespace ?? 'default');
  const isSpread = namespaces.some((namespace) => namespace !== 'default');
  const header = ['NAME', 'READY', 'STATUS', 'RESTARTS', 'AGE', ...labels.map((key) => key.toUpperCase())];
  const lines = rows.map((row, index) => [...row, ...labels.map((key) => pods[index]?.metadata.labels?.[key] ?? '')]);
  const withNamespace = (line: readonly string[], namespace = '') => (isSpread ? [namespace, ...line] : line);
  const apps = new Set(pods.map(({ metadata }) => metadata.labels?.app));
  const selector = apps.size === 1 && !apps.has(undefined) ? ['-l', `app=${[...apps][0]}`] : [];
  const options = [...(isSpread ? ['-A'] : []), ...selector, ...labels.flatMap((key) => ['-L', key])];
  print(shell`\n$ kubectl get pod ${options}`);
  print(
    formatTable([
      withNamespace(header, 'NAMESPACE'),
      ...lines.map((line, index) => withNamespace(line, namespaces[index])),
    ]),
  );
  const parts = injections.some(({ env }) => env) ? 'volumes, mounts and variables' : 'volumes and mounts';
  for (const pod of pods.filter((pod) => isInjected(pod, injections)))
    print(`\n${titleOf(pod)}, its ${parts}:\n\n${stringify(partsOf(pod, injections)).trimEnd()}`);
  for (const pod of pods) for (const line of notSelected(pod, injections)) print(line);
}

/** Why no injection is for a Pod, a line for each; none where one is. */
function notSelected(pod: KubernetesObject, injections: readonly Injection[]): string[] {
  const { namespace = 'default', labels = {} } = pod.metadata;
  const unmet = injections.map((injection) => ({ ...injection, unmet: unmetBy(injection, { namespace, labels }) }));
  if (unmet.some((injection) => injection.unmet.length === 0)) return [];
  return unmet.map(
    (injection) => `\n${titleOf(pod)} is not selected by ${injection.name}: ${injection.unmet.join('; ')}`,
  );
}

/** The keys of the labels that injections set, each once. */
export function labelsOf(injections: readonly Injection[]): string[] {
  return [...new Set(injections.flatMap(({ labels = {} }) => Object.keys(labels)))];
}

function isInjected({ spec }: KubernetesObject, injections: readonly Injection[]): boolean {
  const { volumes = [], initContainers = [], containers } = spec as PodSpec;
  const hasVolume = volumes.some(({ name }) => injections.some(({ volume }) => volume?.name === name));
  return hasVolume || [...initContainers, ...containers].some((one) => variablesOf(one, injections).length > 0);
}

/** What a Pod has for injections: all its volumes and mounts, and of its variables those that injections set. */
function partsOf({ spec }: KubernetesObject, injections: readonly Injection[]): object {
  const { volumes, initContainers, containers } = spec as PodSpec;
  const parts = (list: Container[]) =>
    list.map((container) => {
      const env = variablesOf(container, injections);
      return { name: container.name, volumeMounts: container.volumeMounts, ...(env.length > 0 && { env }) };
    });
  return { volumes, ...(initContainers && { initContainers: parts(initContainers) }), containers: parts(containers) };
}

/** An API server adds defaults to a `valueFrom`. */
function variablesOf({ env = [] }: Container, injections: readonly Injection[]): V1EnvVar[] {
  const set = injections.flatMap((injection) => injection.env ?? []);
  return env.filter(({ name, value, valueFrom }) =>
    set.some((one) => one.name === name && one.value === value && !one.valueFrom === !valueFrom),
  );
}

interface PodSpec {
  volumes?: { name: string }[];
  initContainers?: Container[];
  containers: Container[];
}

interface Container {
  name: string;
  volumeMounts?: unknown;
  env?: V1EnvVar[];
}
