import { type Command, InvalidArgumentError, Option } from 'commander';
import { kubectlScalar } from '../../function/injections/kubectl-scalar.ts';
import { defaultInstallation, type Installation, instanceOf } from '../install/installation.ts';
import type { KubernetesApi } from '../kubernetes/client.ts';
import { UsageError } from '../terminal/exit-status.ts';
import { printError } from '../terminal/output.ts';

/** Which cluster a command is for. */
export interface ClusterOptions {
  context?: string;
}

/** Which installation in which cluster a command is for. */
export interface InstallationOptions extends ClusterOptions, Installation {}

/** `--context`, of every command for a cluster. */
export const contextOption = new Option(
  '--context <name>',
  'kubeconfig context; default: the current one of KUBECONFIG or ~/.kube/config',
);

/** `--context`, `--namespace` and `--name`, of every command for an installation in a cluster. */
export function addInstallationOptions(command: Command): Command {
  return addNameOptions(command.addOption(contextOption));
}

/** `--namespace` and `--name`, of every command for an installation. */
export function addNameOptions(command: Command): Command {
  return command
    .addOption(
      new Option('-n, --namespace <name>', "the function's namespace")
        .default(defaultInstallation.namespace)
        .argParser(parseName),
    )
    .addOption(
      new Option('--name <name>', 'name of the installation').default(defaultInstallation.name).argParser(parseName),
    );
}

/** A name as Kubernetes takes it for a Service and a namespace. */
export function parseName(text: string): string {
  if (/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(text)) return text;
  throw new InvalidArgumentError('Use lower-case letters, digits and dashes.');
}

/**
 * The installation that the options name. Throws a UsageError where its names are too long together, or where one is a number
 * or a boolean in YAML, as which kustomize writes it in places.
 */
export function installationOf({ name, namespace }: InstallationOptions): Installation {
  const other = [name, namespace].find((one) => kubectlScalar(one) !== one);
  if (other !== undefined) throw new UsageError(`YAML does not read ${other} as text: choose another name`);
  if (instanceOf({ name, namespace }).length <= 63) return { name, namespace };
  throw new UsageError('--name and --namespace may have 62 characters together at most: shorten one of them');
}

/** Connects to the cluster that the options name. Throws a UsageError where the kubeconfig has no such cluster. */
export async function connectTo({ context }: ClusterOptions): Promise<KubernetesApi> {
  // Loaded only here: the client takes longer to load than the help to show.
  const { connect } = await import('../kubernetes/client.ts');
  const { KubeconfigError } = await import('../kubernetes/kubeconfig.ts');
  try {
    return connect(context === undefined ? {} : { context });
  } catch (error) {
    throw error instanceof KubeconfigError ? new UsageError(error.message, { cause: error }) : error;
  }
}

/**
 * Says which installations a cluster has, on stderr, where it has others and not the one that was asked for: what is found
 * wrong then is the options. `namespaceOption` names the function's namespace.
 */
export async function nameOthers(
  api: KubernetesApi,
  { name, namespace }: Installation,
  namespaceOption = '--namespace',
): Promise<void> {
  const { listInstallations } = await import('../install/installations.ts');
  const { unless } = await import('../kubernetes/read.ts');
  const all = (await unless(403, listInstallations(api))) ?? [];
  if (all.length === 0 || all.some((one) => one.name === name && one.namespace === namespace)) return;
  const others = all.map((one) => `${namespaceOption} ${one.namespace} --name ${one.name}`);
  printError(`There is no webhook ${name} of ${namespace} in this cluster: give ${others.join(', or ')}`);
}
