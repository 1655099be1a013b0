import type { V1LabelSelector, V1LabelSelectorRequirement } from '@kubernetes/client-node';
import type { Injection } from './injection.ts';
import { type Names, selectsLabels, selectsName } from './selector.ts';

/** What of a Pod decides which injections are for it. */
export interface Selectable {
  namespace: string;
  labels: Readonly<Record<string, string>>;
}

type Selecting = Pick<Injection, 'selector' | 'namespaces'>;

/** Whether an injection is for a Pod. */
export function isFor({ selector, namespaces }: Selecting, pod: Selectable): boolean {
  return selectsName(namespaces, pod.namespace) && selectsLabels(selector, pod.labels);
}

/** Every requirement by which an injection is not for a Pod, a line each: `label hello must be "true", and is not set`. */
export function unmetBy({ selector, namespaces }: Selecting, { namespace, labels }: Selectable): string[] {
  return [...unmetName(namespaces, namespace), ...unmetRequirements(selector, labels)];
}

/** Every requirement of a LabelSelector that these labels do not meet; none where it selects them. */
export function unmetRequirements(selector: V1LabelSelector, labels: Selectable['labels'], whose = 'label'): string[] {
  return requirementsOf(selector)
    .filter((requirement) => !selectsLabels({ matchExpressions: [requirement] }, labels))
    .map(
      (requirement) => `${whose} ${requirement.key} must ${demandOf(requirement)}, and ${stateOf(labels, requirement)}`,
    );
}

/** All that a LabelSelector requires, as expressions. */
export function requirementsOf({
  matchLabels = {},
  matchExpressions = [],
}: V1LabelSelector): V1LabelSelectorRequirement[] {
  const equal = Object.entries(matchLabels).map(([key, value]) => ({ key, operator: 'In', values: [value] }));
  return [...equal, ...matchExpressions];
}

function unmetName(names: Names | undefined, namespace: string): string[] {
  if (selectsName(names, namespace)) return [];
  const isIncluded = selectsName(names?.include && { include: names.include }, namespace);
  return [`namespace ${namespace} ${isIncluded ? 'is one of namespaces.exclude' : 'is none of namespaces.include'}`];
}

/** What comes after `must`: `be one of "a", "b"`. */
export function demandOf({ operator, values = [] }: V1LabelSelectorRequirement): string {
  const [first, ...more] = values.map((value) => JSON.stringify(value));
  const named = more.length > 0 ? `one of ${[first, ...more].join(', ')}` : first;
  switch (operator) {
    case 'In':
      return `be ${named}`;
    case 'NotIn':
      return `not be ${named}`;
    case 'Exists':
      return 'be set';
    default:
      return 'not be set';
  }
}

function stateOf(labels: Selectable['labels'], { key }: V1LabelSelectorRequirement): string {
  return Object.hasOwn(labels, key) ? `is ${JSON.stringify(labels[key])}` : 'is not set';
}
