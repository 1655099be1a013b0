import type { V1LabelSelector, V1MutatingWebhook } from '@kubernetes/client-node';
import { callNames, reviewedBy } from '../../function/review/namespaces.ts';
import { selectsLabels } from '../../function/review/selector.ts';
import { callNameOf, entriesFor, nameLabel, type Selecting } from './entries.ts';
import { isSubset } from './selector-subset.ts';

/** Whether a call of an entry reviews an injection, by its path, and is made for all Pods with the labels that it selects. */
export function callsFor<I extends Selecting>(entry: V1MutatingWebhook, injection: I, all: readonly I[]): boolean {
  const called = callNameOf(entry.clientConfig, callNames(all));
  return reviewedBy(all, called).includes(injection) && isSubset(injection.selector, entry.objectSelector ?? {});
}

/**
 * Whether an entry is for all namespaces that an injection is for, as far as labels tell; those that it leaves out by name
 * aside, which are the platform's.
 */
export function isForNamespacesOf({ namespaceSelector = {} }: V1MutatingWebhook, injection: Selecting): boolean {
  const [wanted] = entriesFor([injection]);
  return isSubset(wanted?.namespaceSelector ?? {}, withoutLeftOut(namespaceSelector));
}

/** Whether an entry calls for all Pods of all namespaces, but for those that it leaves out by name. */
export function selectsEveryPod({ objectSelector = {}, namespaceSelector = {} }: V1MutatingWebhook): boolean {
  return isSubset({}, objectSelector) && isSubset({}, withoutLeftOut(namespaceSelector));
}

/** Whether an entry leaves a namespace out by its name, whatever other labels it selects. */
export function leavesOut({ namespaceSelector = {} }: V1MutatingWebhook, namespace: string): boolean {
  const { matchLabels = {}, matchExpressions = [] } = namespaceSelector;
  const byName: V1LabelSelector = {
    matchLabels: nameLabel in matchLabels ? { [nameLabel]: matchLabels[nameLabel] ?? '' } : {},
    matchExpressions: matchExpressions.filter(({ key }) => key === nameLabel),
  };
  return !selectsLabels(byName, { [nameLabel]: namespace });
}

function withoutLeftOut({ matchExpressions = [], ...rest }: V1LabelSelector): V1LabelSelector {
  return {
    ...rest,
    matchExpressions: matchExpressions.filter(({ key, operator }) => !(key === nameLabel && operator === 'NotIn')),
  };
}
