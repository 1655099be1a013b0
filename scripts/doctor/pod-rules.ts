import type { V1MutatingWebhook, V1RuleWithOperations } from '@kubernetes/client-node';
import { selectsLabels } from '../../function/review/selector.ts';

type Labels = Readonly<Record<string, string>>;

/** Whether the API server asks a webhook about some Pods that are created. */
export function asksForPods({ rules = [] }: V1MutatingWebhook): boolean {
  return rules.some(matchesPodCreation);
}

/** Whether it asks about those with these labels, in some namespace. */
export function asksForLabels({ objectSelector = {} }: V1MutatingWebhook, labels: Labels): boolean {
  return selectsLabels(objectSelector, labels);
}

/** Whether it asks about some in a namespace with these labels. */
export function asksInNamespace({ namespaceSelector = {} }: V1MutatingWebhook, labels: Labels): boolean {
  return selectsLabels(namespaceSelector, labels);
}

/** As k8s.io/apiserver pkg/admission/plugin/webhook/predicates/rules does: `*` is every resource, `pods/*` Pods and what is below them. */
function matchesPodCreation(rule: V1RuleWithOperations): boolean {
  const { apiGroups = [], apiVersions = [], operations = [], resources = [], scope = '*' } = rule;
  return (
    includesAny(apiGroups, ['', '*']) &&
    includesAny(apiVersions, ['v1', '*']) &&
    includesAny(operations, ['CREATE', '*']) &&
    includesAny(resources, ['pods', 'pods/*', '*', '*/*']) &&
    scope !== 'Cluster'
  );
}

function includesAny(values: readonly string[], any: readonly string[]): boolean {
  return any.some((value) => values.includes(value));
}
