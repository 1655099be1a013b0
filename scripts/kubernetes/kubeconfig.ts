import { KubeConfig } from '@kubernetes/client-node';

/** A kubeconfig that cannot be read, or that has not the context or cluster that is asked for. */
export class KubeconfigError extends Error {
  override name = 'KubeconfigError';
}

/** Which cluster of which kubeconfig: without `kubeconfig`, a file, that of KUBECONFIG, of ~/.kube, or the Pod's ServiceAccount. */
export interface ClusterChoice {
  kubeconfig?: string;
  /** Without it, the current one. */
  context?: string;
}

/** Reads a kubeconfig, and the URL of the cluster that is chosen. Throws a KubeconfigError. */
export function loadKubeconfig({ kubeconfig, context }: ClusterChoice): { config: KubeConfig; server: string } {
  const config = read(kubeconfig);
  if (context) {
    const known = config.getContexts().map(({ name }) => name);
    if (!known.includes(context))
      throw new KubeconfigError(`--context ${context} is not in the kubeconfig, which has: ${known.join(', ')}`);
    config.setCurrentContext(context);
  }
  const server = config.getCurrentCluster()?.server;
  if (!server) throw new KubeconfigError('the kubeconfig has no current cluster: set KUBECONFIG, or give --context');
  if (!URL.canParse(server)) throw new KubeconfigError("the cluster's server in the kubeconfig must be a URL");
  return { config, server };
}

function read(file: string | undefined): KubeConfig {
  const config = new KubeConfig();
  try {
    if (file) config.loadFromFile(file);
    else config.loadFromDefault();
  } catch (error) {
    throw new KubeconfigError(`the kubeconfig cannot be read: ${problemOf(error)}`);
  }
  return config;
}

/** Where the YAML is invalid: its parser quotes the lines around, in which there may be a token or a password. */
function problemOf(error: unknown): string {
  const { message, mark } = error as Error & { mark?: { line: number; column: number } };
  return mark ? `invalid YAML at line ${mark.line + 1}, column ${mark.column + 1}` : message;
}
