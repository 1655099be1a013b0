import { relativeManifestPath } from '../../../install/manifests.ts';
import {
  type ClusterLocalTls,
  issuerName,
  type Network,
  readClusterLocalTls,
  readGatewayPods,
} from '../../../install/platform.ts';
import type { KubernetesApi } from '../../../kubernetes/client.ts';
import { notReady } from '../../../kubernetes/conditions.ts';
import type { PodPort } from '../../../kubernetes/port-forward.ts';
import { commandLine } from '../../../terminal/command-line.ts';
import { broken, type Finding, ok } from '../../../terminal/finding.ts';
import { shell } from '../../../terminal/output.ts';
import { check } from '../../check.ts';
import { ingress } from '../platform/ingress.ts';
import { isClusterLocal, webhook } from './webhook.ts';

/** Where the cluster-local URL is called: Knative's configuration for it, and where the gateway ends TLS for such hosts. */
export const clusterLocalTls = check(
  'cluster-local-tls',
  'Cluster-local TLS',
  [webhook, ingress],
  async ({ api, installation }, { clientConfig }, network) => {
    if (!isClusterLocal(clientConfig, installation)) return { findings: [] };
    const finding = clusterLocalTlsFinding(await readClusterLocalTls(api, network), network);
    return { findings: [finding], found: await readPorts(api, network) };
  },
);

/** Whether the API server may call a cluster-local URL, which `deploy` has to know before anything is registered. */
export function clusterLocalTlsFinding(state: ClusterLocalTls, { ingressClass }: Network): Finding {
  const fix = shell`kubectl apply --server-side --force-conflicts --field-manager=hello-webhook -k ${relativeManifestPath('platform/cluster-local-tls')}
kubectl -n knative-serving rollout restart deployment/controller`;
  switch (state) {
    case 'enabled':
      return ok(`cluster-local-domain-tls is Enabled, certificates are issued by ${issuerName}`);
    case 'not supported by the ingress':
      return broken(`${ingressClass} has no TLS for cluster-local hosts`, commandLine('deploy', '--reach gateway'));
    case 'disabled':
      return broken('cluster-local-domain-tls is not Enabled in ConfigMap config-network of knative-serving', fix);
    case 'of another issuer': {
      const text = `clusterLocalIssuerRef is not ClusterIssuer ${issuerName} in ConfigMap config-certmanager of knative-serving`;
      return broken(text, fix);
    }
  }
}

/** The ready Pods of the gateway, by the port for cluster-local hosts. */
async function readPorts(api: KubernetesApi, { gateway }: Network): Promise<PodPort[]> {
  const { namespace = '', clusterLocalPort: port } = gateway ?? {};
  if (!gateway || port === undefined) return [];
  const ready = (await readGatewayPods(api, gateway)).filter((pod) => notReady(pod) === undefined);
  return ready.map(({ metadata }) => ({ namespace, pod: metadata.name, port }));
}
