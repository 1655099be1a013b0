import { optionsFor } from '../install/installation.ts';
import { addOptions } from '../terminal/command-line.ts';
import { shell } from '../terminal/output.ts';
import type { Context } from './context.ts';

/** A fix as it is to be typed: the commands in it are for the same installation in the same cluster. */
export function fixFor(
  fix: string,
  { installation, kubeContext }: Pick<Context, 'installation' | 'kubeContext'>,
): string {
  const options = [...(kubeContext === undefined ? [] : ['--context', kubeContext]), ...optionsFor(installation)];
  const forUs = addOptions(fix, ['deploy', 'sync', 'doctor', 'undeploy'], shell`${options}`);
  // Where a command begins: it may also stand in a name.
  return kubeContext === undefined
    ? forUs
    : forUs.replaceAll(/^kubectl\b/gm, () => shell`kubectl --context ${kubeContext}`);
}
