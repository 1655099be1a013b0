import { defaultInstallation } from '../install/installation.ts';
import type { Context } from './context.ts';

/** A fix as it is to be typed: the commands in it are for the same installation in the same cluster. */
export function fixFor(
  fix: string,
  { installation: { name, namespace }, kubeContext }: Pick<Context, 'installation' | 'kubeContext'>,
): string {
  const options = [
    ...(kubeContext === undefined ? [] : [`--context ${kubeContext}`]),
    ...(namespace === defaultInstallation.namespace ? [] : [`-n ${namespace}`]),
    ...(name === defaultInstallation.name ? [] : [`--name ${name}`]),
  ];
  const kubectl = kubeContext === undefined ? 'kubectl' : `kubectl --context ${kubeContext}`;
  const forUs =
    options.length === 0
      ? fix
      : fix.replaceAll(/npm run (deploy|sync|doctor)(?: --(?= ))?/g, `npm run $1 -- ${options.join(' ')}`);
  return forUs.replaceAll(/\bkubectl\b/g, kubectl);
}
