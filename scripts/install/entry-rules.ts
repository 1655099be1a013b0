import type { V1MutatingWebhook, V1RuleWithOperations } from '@kubernetes/client-node';
import { selectsLabels } from '../../function/review/selector.ts';

type Labels = Readonly<Record<string, string>>;

/** Whether the API server calls a webhook for some Pods that are created. */
export function callsForPods({ rules = [] }: V1MutatingWebhook): boolean {
  return rules.some(matchesPodCreation);
}

/** Whether it calls it for those with these labels, in some namespace. */
export function callsForLabels({ objectSelector = {} }: V1MutatingWebhook, labels: Labels): boolean {
  return selectsLabels(objectSelector, labels);
}

/** Whether it calls it for some in a namespace with these labels. */
export function callsInNamespace({ namespaceSelector = {} }: V1MutatingWebhook, labels: Labels): boolean {
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
