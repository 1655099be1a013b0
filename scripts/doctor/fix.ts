import { defaultInstallation, type Installation } from '../install/installation.ts';
import type { Finding } from '../terminal/finding.ts';

/** A finding's fix as it is to be typed: the commands in it are for the same installation in the same cluster. */
export function fixFor(
  { fix }: Finding,
  { name, namespace, context }: Installation & { context: string | undefined },
): { fix?: string } {
  if (fix === undefined) return {};
  const options = [
    ...(context === undefined ? [] : [`--context ${context}`]),
    ...(namespace === defaultInstallation.namespace ? [] : [`-n ${namespace}`]),
    ...(name === defaultInstallation.name ? [] : [`--name ${name}`]),
  ];
  const kubectl = context === undefined ? 'kubectl' : `kubectl --context ${context}`;
  const forUs =
    options.length === 0
      ? fix
      : fix.replaceAll(/npm run (deploy|sync|doctor)(?: --(?= ))?/g, `npm run $1 -- ${options.join(' ')}`);
  return { fix: forUs.replaceAll(/\bkubectl\b/g, kubectl) };
}
