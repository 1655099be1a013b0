import type { V1Namespace } from '@kubernetes/client-node';
import { isForNamespace } from '../../function/copies/namespaces.ts';
import type { Injection } from '../../function/review/injection.ts';
import { selectsLabels } from '../../function/review/selector.ts';
import { ApiError, type KubernetesApi } from '../kubernetes/client.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { read } from '../kubernetes/read.ts';
import { commandLine } from '../terminal/command-line.ts';
import { configMapOf, readDeployed } from './deployed-injections.ts';
import type { Installation } from './installation.ts';
import { listInstallations } from './installations.ts';
import { readService } from './knative-service.ts';

/** What the demo shows: Pods of a namespace, and the file that one of them is to have. */
interface Shown {
  pods: readonly KubernetesObject[];
  namespace: string;
  file: string;
}

/**
 * The installation that is to give one of these Pods the file; undefined where one may not look, or where no function is
 * there to tell. Throws where all that are there give it to none.
 */
export async function installationFor(api: KubernetesApi, shown: Shown): Promise<Installation | undefined> {
  try {
    const deployed = await readAll(api);
    const labels = (await read<V1Namespace>(api, `/api/v1/namespaces/${shown.namespace}`))?.metadata?.labels ?? {};
    const found = deployed.find(({ injections }) => injections.some((one) => gives(one, shown, labels)));
    if (found || deployed.length === 0) return found?.installation;
    const names = deployed.flatMap(({ injections, installation: { name, namespace } }) =>
      injections.map((injection) => `${injection.name} of ${name} in ${namespace}`),
    );
    throw new Error(
      `no injection of the cluster's gives a Pod of the demo ${shown.file} in namespace ${shown.namespace}, as that of manifests/demo/injection would; there is ${names.join(', ') || 'none'}. ${commandLine('inject')} shows what yours make of Pods of your own`,
    );
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return undefined;
    throw error;
  }
}

/** The injections of each installation, but for those whose injections cannot be read. */
async function readAll(
  api: KubernetesApi,
): Promise<{ installation: Installation; injections: readonly Injection[] }[]> {
  const all = (await listInstallations(api)).map(async (installation) => {
    const service = await readService(api, installation);
    if (!service) return [];
    const deployed = await readDeployed(api, installation.namespace, configMapOf(service.spec.template.spec));
    return 'injections' in deployed ? [{ installation, injections: deployed.injections }] : [];
  });
  return (await Promise.all(all)).flat();
}

function gives(injection: Injection, { pods, namespace, file }: Shown, labels: Record<string, string>): boolean {
  const holdsFile = injection.mounts.some(({ mountPath }) => file === mountPath || file.startsWith(`${mountPath}/`));
  const isForPod = pods.some(({ metadata }) => selectsLabels(injection.selector, metadata.labels ?? {}));
  return holdsFile && isForPod && isForNamespace(injection, { name: namespace, labels });
}
