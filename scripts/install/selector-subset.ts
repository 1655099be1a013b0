import type { V1LabelSelectorRequirement as Requirement, V1LabelSelector } from '@kubernetes/client-node';

/** What a selector lets a label be: one of `values`, or with `others` anything but them; or absent. */
interface Allowed {
  values: readonly string[];
  others: boolean;
  absent: boolean;
}

const anything: Allowed = { values: [], others: true, absent: true };

/** Whether all that a selector selects is selected by the other, too. */
export function isSubset(selector: V1LabelSelector, other: V1LabelSelector): boolean {
  const own = requirementsOf(selector);
  return requirementsOf(other).every((requirement) => {
    const sameKey = own.filter(({ key }) => key === requirement.key);
    return satisfies(sameKey.reduce(narrowed, anything), requirement);
  });
}

function requirementsOf({ matchLabels = {}, matchExpressions = [] }: V1LabelSelector): Requirement[] {
  const labels = Object.entries(matchLabels).map(([key, value]) => ({ key, operator: 'In', values: [value] }));
  return [...labels, ...matchExpressions];
}

function narrowed({ values, others, absent }: Allowed, { operator, values: named = [] }: Requirement): Allowed {
  switch (operator) {
    case 'In':
      return { values: named.filter((value) => values.includes(value) !== others), others: false, absent: false };
    case 'NotIn':
      return {
        values: others ? [...values, ...named] : values.filter((value) => !named.includes(value)),
        others,
        absent,
      };
    case 'Exists':
      return { values, others, absent: false };
    default:
      return { values: [], others: false, absent };
  }
}

function satisfies({ values, others, absent }: Allowed, { operator, values: named = [] }: Requirement): boolean {
  switch (operator) {
    case 'In':
      return !absent && !others && values.every((value) => named.includes(value));
    case 'NotIn':
      return named.every((value) => values.includes(value) === others);
    case 'Exists':
      return !absent;
    default:
      return !others && values.length === 0;
  }
}
