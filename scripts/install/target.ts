import type { KubernetesApi } from '../kubernetes/client.ts';
import type { Finding } from '../terminal/finding.ts';
import type { Progress } from '../terminal/progress.ts';
import type { Installation } from './installation.ts';

/** An installation in a cluster that a command changes, and how it shows what it does. */
export interface Target {
  api: KubernetesApi;
  installation: Installation;
  progress: Progress;
  /** What is temporary in the cluster is deleted with it, also where the command is interrupted. */
  cleanup: AsyncDisposableStack;
  /** Shows a step that is done, or what hinders it. */
  report: (title: string, finding: Finding) => void;
}
