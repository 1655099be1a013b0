import type { V1Pod } from '@kubernetes/client-node';
import { shell } from '../terminal/output.ts';

/** The commands that have Pods created again: the first few. */
export function restartCommands(pods: readonly V1Pod[], most = 3): string {
  const commands = [...new Set(pods.map(commandFor))];
  const rest = commands.length - most;
  return [...commands.slice(0, most), ...(rest > 0 ? [`# and ${rest} more like these`] : [])].join('\n');
}

function commandFor({ metadata = {}, status }: V1Pod): string {
  const { namespace, name, labels = {}, ownerReferences = [] } = metadata;
  const owner = ownerReferences.find(({ controller }) => controller);
  const hash = labels['pod-template-hash'];
  if (owner?.kind === 'ReplicaSet' && hash && owner.name.endsWith(`-${hash}`)) {
    return shell`kubectl -n ${namespace} rollout restart deployment/${owner.name.slice(0, -hash.length - 1)}`;
  }
  if (owner?.kind === 'StatefulSet' || owner?.kind === 'DaemonSet') {
    return shell`kubectl -n ${namespace} rollout restart ${owner.kind.toLowerCase()}/${owner.name}`;
  }
  if (owner?.kind === 'Job' && ['Succeeded', 'Failed'].includes(status?.phase ?? '')) {
    return shell`kubectl -n ${namespace} delete job ${owner.name} # and create it again`;
  }
  const deletion = shell`kubectl -n ${namespace} delete pod ${name}`;
  return owner ? `${deletion} ${shell`# its ${owner.kind} creates it again`}` : `${deletion} # and create it again`;
}
