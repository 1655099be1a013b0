import { type Command, InvalidArgumentError, Option } from 'commander';
import { defaultInstallation, type Installation, instanceOf } from '../install/installation.ts';
import type { KubernetesApi } from '../kubernetes/client.ts';
import { UsageError } from '../terminal/exit-status.ts';

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

/** The installation that the options name. Throws a UsageError where its names are too long together. */
export function installationOf({ name, namespace }: InstallationOptions): Installation {
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
