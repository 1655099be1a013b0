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
  return { config, server };
}

function read(file: string | undefined): KubeConfig {
  const config = new KubeConfig();
  try {
    if (file) config.loadFromFile(file);
    else config.loadFromDefault();
  } catch (error) {
    throw new KubeconfigError(`the kubeconfig cannot be read: ${(error as Error).message}`, { cause: error });
  }
  return config;
}
