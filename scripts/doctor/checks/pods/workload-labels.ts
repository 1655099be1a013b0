import type { Injection } from '../../../../function/review/injection.ts';
import { selectedKeys, selectsName } from '../../../../function/review/selector.ts';
import type { KubernetesApi } from '../../../kubernetes/client.ts';
import { labelQuery } from '../../../kubernetes/label-query.ts';
import type { KubernetesObject } from '../../../kubernetes/object.ts';
import { list } from '../../../kubernetes/read.ts';
import { podOf } from '../../../kubernetes/workload.ts';
import { type Finding, ok, warning } from '../../../terminal/finding.ts';
import { isMislabelled, labelChanges, templatePatch } from '../../../workloads/pod-template-labels.ts';
import { check, resultOf } from '../../check.ts';
import { count, someOf } from '../../text.ts';
import { injections } from '../function/injections.ts';

/** The collections of workloads that people write, each with its Pod template. */
const collections = [
  '/apis/apps/v1/deployments',
  '/apis/apps/v1/statefulsets',
  '/apis/apps/v1/daemonsets',
  '/apis/batch/v1/cronjobs',
  '/apis/batch/v1/jobs',
];

/** The classic slip: a label that an injection looks for is on a workload, and not on the Pods that it makes. */
export const workloadLabels = check(
  'workload-labels',
  'Workload labels',
  [resultOf(injections)],
  async ({ api }, all) => {
    const findings: Finding[] = [];
    const bySelector = Map.groupBy(
      all.filter(({ selector }) => selectedKeys(selector).length > 0),
      ({ selector }) => labelQuery(selector),
    );
    for (const [query, sharing] of bySelector) {
      const mislabelled = await readMislabelled(api, query, sharing);
      if (mislabelled.length > 0) findings.push(mislabelledFinding(mislabelled, sharing));
    }
    const good = ok('no label that an injection looks for is on a workload alone');
    return { findings: findings.length > 0 ? findings : [good] };
  },
);

async function readMislabelled(
  api: KubernetesApi,
  query: string,
  sharing: readonly Injection[],
): Promise<KubernetesObject[]> {
  const found: KubernetesObject[] = [];
  for (const collection of collections)
    found.push(...(await list(api, `${collection}?labelSelector=${encodeURIComponent(query)}`)));
  return found.filter(
    (workload) =>
      !(workload.metadata.ownerReferences as object[] | undefined)?.length &&
      sharing.some((injection) => isIn(injection, workload) && isMislabelled(workload, injection)),
  );
}

function isIn({ namespaces }: Injection, { metadata }: KubernetesObject): boolean {
  return selectsName(namespaces, metadata.namespace ?? '');
}

/** Of injections that have the same selector. */
function mislabelledFinding(workloads: readonly KubernetesObject[], sharing: readonly Injection[]): Finding {
  const concerned = sharing.filter((injection) => workloads.some((workload) => isIn(injection, workload)));
  const [{ selector }] = concerned as [Injection];
  const names = workloads.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`);
  const [first] = workloads as [KubernetesObject];
  const labels = labelChanges(selector, podOf(first)?.metadata.labels ?? {}, first.metadata.labels);
  const keys = Object.keys(labels).join(', ');
  const more = workloads.length > 1 ? `\n# and ${workloads.length - 1} more like this` : '';
  return warning(
    `the label of injection ${someOf(concerned.map(({ name }) => name))} is on ${count(workloads.length, 'workload')}, not on the Pod template: ${keys} of ${someOf(names)}`,
    `${templatePatch(first, { labels })}${more}`,
  );
}
