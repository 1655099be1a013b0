import type { V1LabelSelector } from '@kubernetes/client-node';
import type { Injection } from '../../function/review/injection.ts';
import { selectsLabels } from '../../function/review/selector.ts';
import { exactNames } from '../install/entries.ts';
import { labelsFor } from '../install/probe-pod.ts';
import { type Finding, warning } from '../terminal/finding.ts';
import { labelsOf, type Namespaces } from './namespaces.ts';
import { someOf } from './text.ts';

/** Which namespaces lack the labels that an injection selects: those that it includes by name, or all. */
export function labelFindings({ name, namespaceSelector, namespaces: names }: Injection, known: Namespaces): Finding[] {
  if (!namespaceSelector || known.size === 0) return [];
  const isSelected = (namespace: string) => selectsLabels(namespaceSelector, labelsOf(known, namespace));
  const included = exactNames(names?.include).filter((namespace) => known.has(namespace));
  const lacking = included.filter((namespace) => !isSelected(namespace));
  const wanted = labelArguments(namespaceSelector);
  if (lacking.length > 0) {
    const text = `injection ${name} includes namespace ${someOf(lacking)}, whose labels its namespaceSelector does not select`;
    return [warning(text, `kubectl label namespace ${lacking.join(' ')} ${wanted}`)];
  }
  if ([...known.keys()].some(isSelected)) return [];
  const text = `no namespace has the labels that injection ${name} selects`;
  return [warning(text, `kubectl label namespace NAMESPACE ${wanted}`)];
}

/** Labels that a selector selects, as kubectl sets and, with a minus, removes them. */
export function labelArguments(selector: V1LabelSelector): string {
  const labels = Object.entries(labelsFor(selector)).map((pair) => pair.join('='));
  const absent = (selector.matchExpressions ?? [])
    .filter(({ operator }) => operator === 'DoesNotExist' || operator === 'NotIn')
    .map(({ key }) => `${key}-`);
  return [...labels, ...absent].join(' ');
}
