import { platformNamespaces } from '../../function/copies/platform-namespaces.ts';
import type { Injection } from '../../function/review/injection.ts';
import { selectsLabels, selectsName } from '../../function/review/selector.ts';

/** Whether the API server is to call the function for an injection's Pods in a namespace. */
export function isForNamespace(
  { namespaces, namespaceSelector = {} }: Pick<Injection, 'namespaces' | 'namespaceSelector'>,
  { name, labels }: { name: string; labels: Readonly<Record<string, string>> },
): boolean {
  return !platformNamespaces.has(name) && selectsName(namespaces, name) && selectsLabels(namespaceSelector, labels);
}
