import type { V1ConfigMap } from '@kubernetes/client-node';
import type { KubernetesApi } from '../kubernetes/client.ts';
import { read, unless } from '../kubernetes/read.ts';
import { shell } from '../terminal/output.ts';
import { relativeManifestPath } from './manifests.ts';
import { isOurIssuer, issuerName } from './platform.ts';

/** What of manifests/platform a cluster has still, and the commands that take it away, as far as one may see it: one line each. */
export async function platformLeft(api: KubernetesApi): Promise<string[]> {
  const [local, theIssuer, caSecret] = await Promise.all([
    clusterLocalTlsLeft(api),
    isThere(api, `/apis/cert-manager.io/v1/clusterissuers/${issuerName}`),
    isThere(api, '/api/v1/namespaces/cert-manager/secrets/hello-webhook-authority'),
  ]);
  return [
    ...local,
    ...(theIssuer
      ? [
          `ClusterIssuer ${issuerName} and its CA: ${shell`kubectl delete -k ${relativeManifestPath('platform/issuer')}`}`,
        ]
      : []),
    ...(caSecret
      ? [
          "the CA's private key, which cert-manager leaves: kubectl -n cert-manager delete secret hello-webhook-authority",
        ]
      : []),
  ];
}

/** By single keys: the ConfigMaps are Knative's own, and `kubectl delete -k` would take all of them. */
async function clusterLocalTlsLeft(api: KubernetesApi): Promise<string[]> {
  const [network, certManager] = await Promise.all([
    readData(api, 'config-network'),
    readData(api, 'config-certmanager'),
  ]);
  if (!isOurIssuer(certManager.clusterLocalIssuerRef ?? '')) return [];
  return [
    ...(network['cluster-local-domain-tls'] ? [keyLeft('config-network', 'cluster-local-domain-tls')] : []),
    keyLeft('config-certmanager', 'clusterLocalIssuerRef'),
    'which Knative reads at its start: kubectl -n knative-serving rollout restart deployment/controller',
  ];
}

async function readData(api: KubernetesApi, name: string): Promise<Record<string, string>> {
  const path = `/api/v1/namespaces/knative-serving/configmaps/${name}`;
  return (await unless(403, read<V1ConfigMap>(api, path)))?.data ?? {};
}

/** Asked for without its content: a private key is nobody's business here. */
async function isThere(api: KubernetesApi, path: string): Promise<boolean> {
  const accept = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
  return (await unless(403, unless(404, api.send('GET', path, { accept })))) !== undefined;
}

function keyLeft(name: string, key: string): string {
  const patch = JSON.stringify([{ op: 'remove', path: `/data/${key}` }]);
  const command = shell`kubectl -n knative-serving patch configmap ${name} --type=json -p ${patch}`;
  return `key ${key} in ${name} of Knative: ${command}`;
}
