import type { V1Pod } from '@kubernetes/client-node';
import { type Injection, skippedAnnotation } from '../../../../function/review/injection.ts';
import { review } from '../../../../function/review/review.ts';
import { type Finding, ok, warning } from '../../../terminal/finding.ts';
import { count, someOf } from '../../names.ts';

/** Which of the selected Pods never got their files: older than the webhook, or created while it did not work. */
export function podFindings(pods: readonly V1Pod[], injections: readonly Injection[], since: Date): Finding[] {
  if (pods.length === 0) return [ok('Pods', 'none is selected')];
  const without = pods.filter((pod) => isLacking(pod, injections));
  const isOlder = ({ metadata }: V1Pod) => new Date(metadata?.creationTimestamp ?? 0) < since;
  const groups: [V1Pod[], string][] = [
    [without.filter(isOlder), 'from before the webhook was registered'],
    [without.filter((pod) => !isOlder(pod)), 'created since: the API server did not ask, or could not'],
  ];
  const findings = groups
    .filter(([group]) => group.length > 0)
    .map(([group, why]) => {
      const text = `${count(group.length, 'Pod')} without files, ${why}: ${someOf(group.map(titleOf))}`;
      return warning('Pods', text, recreationOf(group));
    });
  if (findings.length > 0) return findings;
  const skipped = pods.filter(({ metadata }) => metadata?.annotations?.[skippedAnnotation]).length;
  const notes = skipped > 0 ? `; ${skipped} say in annotation ${skippedAnnotation} what is in the way` : '';
  return [ok('Pods', `${count(pods.length, 'selected Pod')}, none without files${notes}`)];
}

/** Whether the function would inject something, were the Pod created now: what is left alone or in conflict is no lack. */
function isLacking(pod: V1Pod, injections: readonly Injection[]): boolean {
  const { namespace = '', uid = '' } = pod.metadata ?? {};
  const request = { uid, kind: { version: 'v1', kind: 'Pod' }, operation: 'CREATE', namespace, object: pod };
  return review(request, injections).outcome === 'injected';
}

function titleOf({ metadata }: V1Pod): string {
  return `${metadata?.namespace}/${metadata?.name}`;
}

/** How to have Pods made anew: the first few commands. */
export function recreationOf(pods: readonly V1Pod[]): string {
  const commands = [...new Set(pods.map(recreation))];
  return [...commands.slice(0, 3), ...(commands.length > 3 ? [`and ${commands.length - 3} more like these`] : [])].join(
    '\n',
  );
}

function recreation({ metadata = {} }: V1Pod): string {
  const { namespace, name, labels = {}, ownerReferences = [] } = metadata;
  const owner = ownerReferences.find(({ controller }) => controller);
  const hash = labels['pod-template-hash'];
  if (owner?.kind === 'ReplicaSet' && hash && owner.name.endsWith(`-${hash}`)) {
    return `kubectl -n ${namespace} rollout restart deployment/${owner.name.slice(0, -hash.length - 1)}`;
  }
  if (owner?.kind === 'StatefulSet' || owner?.kind === 'DaemonSet') {
    return `kubectl -n ${namespace} rollout restart ${owner.kind.toLowerCase()}/${owner.name}`;
  }
  const again = owner ? `: its ${owner.kind} makes it anew` : ', and create it again';
  return `kubectl -n ${namespace} delete pod ${name}${again}`;
}
