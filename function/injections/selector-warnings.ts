import type { V1LabelSelector } from '@kubernetes/client-node';
import type { Injection } from '../review/injection.ts';
import { demandOf, requirementsOf } from '../review/selection.ts';
import { selectsLabels } from '../review/selector.ts';

/** Selectors that nothing can meet, since the requirements of one label contradict one another, a line each. */
export function contradictions({
  selector,
  namespaceSelector,
}: Pick<Injection, 'selector' | 'namespaceSelector'>): string[] {
  return [
    ...contradictionsIn(selector).map((text) => `selector selects no Pod: ${text}`),
    ...contradictionsIn(namespaceSelector).map((text) => `namespaceSelector selects no namespace: ${text}`),
  ];
}

function contradictionsIn(selector: V1LabelSelector = {}): string[] {
  const byKey = Map.groupBy(requirementsOf(selector), ({ key }) => key);
  return [...byKey].flatMap(([key, matchExpressions]) => {
    // No value that a label can have is empty space: it stands for all that no requirement names.
    const values = [' ', ...matchExpressions.flatMap(({ values = [] }) => values)];
    const states = [{}, ...values.map((value) => ({ [key]: value }))];
    if (states.some((labels) => selectsLabels({ matchExpressions }, labels))) return [];
    return [`label ${key} must ${[...new Set(matchExpressions.map(demandOf))].join(', and must ')}`];
  });
}
