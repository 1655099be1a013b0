import type { V1LabelSelector, V1LabelSelectorRequirement } from '@kubernetes/client-node';

/** A selector as the API takes it in a query: `a=b,c in (d,e),!f`. */
export function labelQuery({ matchLabels = {}, matchExpressions = [] }: V1LabelSelector): string {
  const labels = Object.entries(matchLabels).map((pair) => pair.join('='));
  return [...labels, ...matchExpressions.map(expression)].join(',');
}

function expression({ key, operator, values = [] }: V1LabelSelectorRequirement): string {
  if (operator === 'Exists') return key;
  return operator === 'DoesNotExist' ? `!${key}` : `${key} ${operator.toLowerCase()} (${values.join(',')})`;
}
