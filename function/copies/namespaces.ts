import { configMapsOf, type Injection } from '../review/injection.ts';
import { selectsLabels, selectsName } from '../review/selector.ts';
import { platformNamespaces } from './platform-namespaces.ts';

/** A namespace, as far as injections ask for it. */
export interface Namespace {
  name: string;
  labels: Readonly<Record<string, string>>;
}

/** Whether the API server is to call the function for an injection's Pods in a namespace. */
export function isForNamespace(
  { namespaces, namespaceSelector = {} }: Pick<Injection, 'namespaces' | 'namespaceSelector'>,
  { name, labels }: Namespace,
): boolean {
  return !platformNamespaces.has(name) && selectsName(namespaces, name) && selectsLabels(namespaceSelector, labels);
}

/**
 * Whether the function would copy a ConfigMap to a namespace, were it not there: who may write ConfigMaps there can forge all
 * that makes one a copy.
 */
export function isEnsured(configMap: string, namespace: Namespace, injections: readonly Injection[]): boolean {
  return injections.some(
    (injection) =>
      injection.ensure && configMapsOf(injection.volume).includes(configMap) && isForNamespace(injection, namespace),
  );
}
