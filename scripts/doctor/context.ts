import type { Installation } from '../install/installation.ts';
import type { KubernetesApi } from '../kubernetes/client.ts';
import type { Progress } from '../terminal/progress.ts';

/** What the checks are about. */
export interface Context {
  api: KubernetesApi;
  installation: Installation;
  /** The kubeconfig context that was asked for by name, for the commands of fixes. */
  kubeContext?: string | undefined;
  /** Who but deploy applies the installation, if somebody does: scripts/install/applied-by.ts. */
  appliedBy?: string | undefined;
  /** What `--probe` takes; without it the API server is not made to call the function. */
  probing?: Probing | undefined;
}

export interface Probing {
  /** The namespace of the dry run. */
  probeNamespace: string;
  progress: Progress;
  cleanup: AsyncDisposableStack;
}
