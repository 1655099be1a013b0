import type { V1ObjectMeta } from '@kubernetes/client-node';
import type { KubernetesApi } from '../kubernetes/client.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { read } from '../kubernetes/read.ts';
import { commandLine } from '../terminal/command-line.ts';
import { warning } from '../terminal/finding.ts';
import { fieldManager, type Installation, isOurs } from './installation.ts';
import { webhookConfigurations } from './registration.ts';
import type { Target } from './target.ts';

/**
 * Who but deploy applies an object as a whole, and so undoes at the next time what deploy changes: `kubectl apply`, or the
 * name of a GitOps controller in managedFields; undefined where nobody does. Who applies on the client's side is known by
 * name, or by the annotation it leaves; a server-side apply says so itself.
 */
export function appliedBy({
  metadata,
}: {
  metadata?: V1ObjectMeta | KubernetesObject['metadata'];
}): string | undefined {
  const { managedFields = [], annotations = {} } = (metadata ?? {}) as V1ObjectMeta;
  const applier = managedFields
    .filter(({ operation, manager = '' }) => operation === 'Apply' || clientSideAppliers.has(manager))
    .map(({ manager = '' }) => manager)
    // cainjector may apply the caBundle, which is its own.
    .find((manager) => manager !== fieldManager && !manager.includes('cainjector'));
  if (applier !== undefined) return applier.startsWith('kubectl') ? 'kubectl apply' : applier;
  return 'kubectl.kubernetes.io/last-applied-configuration' in annotations ? 'kubectl apply' : undefined;
}

const clientSideAppliers = new Set(['kubectl-client-side-apply', 'argocd-controller']);

/** Who but deploy applies an installation, by its webhook configuration and its function; undefined where that cannot be read. */
export async function readAppliedBy(api: KubernetesApi, installation: Installation): Promise<string | undefined> {
  const { name, namespace } = installation;
  for (const path of [
    `${webhookConfigurations}/${name}`,
    `/apis/serving.knative.dev/v1/namespaces/${namespace}/services/${name}`,
  ]) {
    try {
      const object = await read<KubernetesObject>(api, path);
      const applier = object && isOurs(object, installation) ? appliedBy(object) : undefined;
      if (applier !== undefined) return applier;
    } catch {
      // What hinders it, the checks of the doctor say, and what deploy does next.
    }
  }
  return undefined;
}

/** Says before deploy changes an installation who else applies it, and so changes it again. */
export async function warnOfApplier({ api, installation, report }: Target): Promise<void> {
  const applier = await readAppliedBy(api, installation);
  if (applier === undefined) return;
  const text = `${applier} applies this installation, too: its next apply undoes what is changed here, a caller's token included`;
  const fix = `change it there (${commandLine('doctor')} says how), or apply it there no more`;
  report('Applied elsewhere', warning(text, fix));
}
