import type { V1LabelSelector } from '@kubernetes/client-node';
import type { Injection } from '../../function/review/injection.ts';
import { selectsLabels } from '../../function/review/selector.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { podOf, podPath } from '../kubernetes/workload.ts';
import { shell } from '../terminal/output.ts';

type Labels = Readonly<Record<string, string>>;

/** A workload whose own labels an injection selects, and not those of its Pod template: they do nothing there. */
export function isMislabelled(workload: KubernetesObject, { selector }: Injection): boolean {
  const pod = workload.kind === 'Pod' ? undefined : podOf(workload);
  if (!pod) return false;
  return selectsLabels(selector, workload.metadata.labels ?? {}) && !selectsLabels(selector, pod.metadata.labels ?? {});
}

/** `label hello is on Deployment shop, not on its Pod template` */
export function mislabelledText(workload: KubernetesObject, { selector }: Injection): string {
  const labels = podOf(workload)?.metadata.labels ?? {};
  const keys = Object.keys(labelChanges(selector, labels)).join(', ');
  return `label ${keys} is on ${workload.kind} ${workload.metadata.name}, not on its Pod template`;
}

/** The labels to set, or with null to remove, so that a selector selects these: those of `preferred` where they do. */
export function labelChanges(
  { matchLabels = {}, matchExpressions = [] }: V1LabelSelector,
  labels: Labels,
  preferred: Labels = {},
): Record<string, string | null> {
  const equal = Object.entries(matchLabels).map(([key, value]) => ({ key, operator: 'In', values: [value] }));
  const unmet = [...equal, ...matchExpressions].filter(
    (requirement) => !selectsLabels({ matchExpressions: [requirement] }, labels),
  );
  return Object.fromEntries(
    unmet.map((requirement) => {
      const { key, operator, values = [] } = requirement;
      const isPreferred = selectsLabels({ matchExpressions: [requirement] }, preferred);
      const value = operator === 'In' ? (values[0] ?? '') : operator === 'Exists' ? 'true' : null;
      return [key, isPreferred ? (preferred[key] ?? null) : value];
    }),
  );
}

/** The command that changes labels or annotations of a workload's Pod template; it has the Pods created again. */
export function templatePatch(
  workload: KubernetesObject,
  metadata: { labels?: Record<string, string | null>; annotations?: Record<string, string | null> },
): string {
  const { namespace, name } = workload.metadata;
  if (workload.kind === 'Job') {
    return shell`kubectl -n ${namespace} delete job ${name} # and create it again, with ${JSON.stringify(metadata)} in its Pod template`;
  }
  const patch = (podPath(workload) ?? []).reduceRight<object>((inner, key) => ({ [key]: inner }), { metadata });
  return shell`kubectl -n ${namespace} patch ${workload.kind.toLowerCase()} ${name} --type merge -p ${JSON.stringify(patch)}`;
}
