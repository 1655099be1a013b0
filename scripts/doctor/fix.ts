import { optionsFor } from '../install/installation.ts';
import { addOptions, commandLine } from '../terminal/command-line.ts';
import type { Finding } from '../terminal/finding.ts';
import { shell } from '../terminal/output.ts';
import type { Context } from './context.ts';

/**
 * A fix as it is to be typed: the commands in it are for the same installation in the same cluster. Where somebody else
 * than deploy applies the installation, that is to change, or the next apply would undo the fix.
 */
export function fixFor(
  fix: string,
  { installation, kubeContext, appliedBy }: Pick<Context, 'installation' | 'kubeContext' | 'appliedBy'>,
): string {
  const options = [...(kubeContext === undefined ? [] : ['--context', kubeContext]), ...optionsFor(installation)];
  const lasting = appliedBy === undefined ? fix : inOverlay(fix, appliedBy);
  const forUs = addOptions(lasting, ['deploy', 'sync', 'doctor', 'undeploy'], shell`${options}`);
  // Where a command begins: it may also stand in a name.
  return kubeContext === undefined
    ? forUs
    : forUs.replaceAll(/^kubectl\b/gm, () => shell`kubectl --context ${kubeContext}`);
}

/** A finding with its fix as it is to be typed. */
export function withFixFor<T extends Finding>(finding: T, context: Parameters<typeof fixFor>[1]): T {
  return finding.fix === undefined ? finding : { ...finding, fix: fixFor(finding.fix, context) };
}

/** What to change in an overlay in the place of an option of deploy. */
const changes: readonly [option: string, change: string][] = [
  ['--ensure', 'add manifests/components/ensure to its `components`'],
  ['--image', 'set its `images`'],
  ['--injections', 'change its injections.yaml and webhooks.yaml'],
  ['--reach', 'take another way in its `resources` and `transformers`'],
];

function inOverlay(fix: string, appliedBy: string): string {
  const deploy = new RegExp(`^${commandLine('deploy')}\\b.*$`, 'gm');
  return fix.replaceAll(deploy, (line) => {
    const [, change = 'correct it'] = changes.find(([option]) => line.includes(option)) ?? [];
    return `${applyAgain(appliedBy, change)}\n# or, where nobody applies it any more: ${line}`;
  });
}

/** How an installation is changed that somebody else than deploy applies: with what `change` says of its overlay. */
export function applyAgain(appliedBy: string, change: string): string {
  return `# ${appliedBy} has this from an overlay, and undoes what deploy changes: ${change}, then:
${commandLine('check', 'DIRECTORY')}
kubectl apply -k DIRECTORY # or commit it, for GitOps`;
}
