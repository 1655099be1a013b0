import type { V1NodeSelectorTerm, V1Pod } from '@kubernetes/client-node';

const os = 'kubernetes.io/os';

/**
 * Whether a Pod can only run on Windows, where paths and mounts are others: by `spec.os`, its nodeSelector, every term of
 * its required nodeAffinity (terms are alternatives), or as a HostProcess Pod.
 */
export function isWindowsPod({ spec }: V1Pod): boolean {
  if (!spec) return false;
  if (spec.os?.name) return spec.os.name === 'windows';
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  return (
    spec.nodeSelector?.[os] === 'windows' || (terms.length > 0 && terms.every(demandsWindows)) || isHostProcess(spec)
  );
}

function demandsWindows({ matchExpressions }: V1NodeSelectorTerm): boolean {
  return (matchExpressions ?? []).some(
    ({ key, operator, values }) =>
      key === os && operator === 'In' && values?.length && values.every((value) => value === 'windows'),
  );
}

function isHostProcess({ securityContext, initContainers, containers }: NonNullable<V1Pod['spec']>): boolean {
  return [{ securityContext }, ...(initContainers ?? []), ...containers].some(
    (holder) => holder.securityContext?.windowsOptions?.hostProcess === true,
  );
}
