import type { V1ConfigMap, V1Deployment, V1Pod } from '@kubernetes/client-node';
import { parse } from 'yaml';
import type { KubernetesApi } from '../kubernetes/client.ts';
import { type Conditioned, readinessOf } from '../kubernetes/conditions.ts';
import { list, read, unless } from '../kubernetes/read.ts';
import { TimeoutError, waitFor } from '../kubernetes/wait.ts';
import type { Progress } from '../terminal/progress.ts';
import { type Gateway, gatewayOf } from './reach.ts';

/** The ClusterIssuer that signs what the API server is to trust: manifests/platform/issuer. */
export const issuerName = 'hello-webhook-issuer';

export function readIssuer(api: KubernetesApi): Promise<Conditioned | undefined> {
  return read<Conditioned>(api, `/apis/cert-manager.io/v1/clusterissuers/${issuerName}`);
}

/** Waits for an issuer that was only just applied, which takes it seconds, and for none that is missing. Never throws for it. */
export async function waitForIssuer(api: KubernetesApi, progress: Progress): Promise<void> {
  const look = async () => {
    const readiness = readinessOf(await readIssuer(api));
    const isSettled = readiness.state === 'ready' || readiness.state === 'not found';
    return isSettled ? { found: true } : { missing: readiness.reason };
  };
  try {
    await waitFor('waiting for the issuer', look, { progress, timeoutMs: 15_000 });
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
  }
}

/** Knative's network: its configuration, and the gateway of its ingress where the manifests know one. */
export interface Network {
  config: Readonly<Record<string, string>>;
  ingressClass: string;
  gateway: Gateway | undefined;
}

export async function readNetwork(api: KubernetesApi): Promise<Network> {
  const config = await readConfig(api, 'config-network');
  const ingressClass = config['ingress-class'] ?? config['ingress.class'] ?? 'istio.ingress.networking.knative.dev';
  const gateway = gatewayOf(ingressClass);
  return { config, ingressClass, gateway: gateway && (await located(api, gateway)) };
}

/** The gateway in the namespace where its Pods are: Knative's operator has Kourier's in knative-serving, say. */
async function located(api: KubernetesApi, gateway: Gateway): Promise<Gateway> {
  const pods = await unless(403, list<V1Pod>(api, `/api/v1/pods?labelSelector=app%3D${gateway.app}`));
  const places = new Set(pods?.map(({ metadata }) => metadata?.namespace));
  const [first = gateway.namespace] = places;
  return places.has(gateway.namespace) ? gateway : { ...gateway, namespace: first };
}

/** The gateway's Pods, whether ready or not. */
export function readGatewayPods(api: KubernetesApi, { namespace, app }: Gateway): Promise<Conditioned[]> {
  return list<Conditioned>(api, `/api/v1/namespaces/${namespace}/pods?labelSelector=app%3D${app}`);
}

/** Whether Knative serves cluster-local hosts over TLS with certificates of the issuer, or why not. */
export type ClusterLocalTls = 'enabled' | 'not supported by the ingress' | 'disabled' | 'of another issuer';

export async function readClusterLocalTls(api: KubernetesApi, { config, gateway }: Network): Promise<ClusterLocalTls> {
  if (gateway && !gateway.clusterLocalPort) return 'not supported by the ingress';
  if (config['cluster-local-domain-tls']?.toLowerCase() !== 'enabled') return 'disabled';
  const { clusterLocalIssuerRef = '' } = await readConfig(api, 'config-certmanager');
  return isOurIssuer(clusterLocalIssuerRef) ? 'enabled' : 'of another issuer';
}

/** Whether a text is cert-manager's reference to the issuer, in YAML as Knative takes it. */
export function isOurIssuer(reference: string): boolean {
  try {
    const { kind, name } = parse(reference) ?? {};
    return kind === 'ClusterIssuer' && name === issuerName;
  } catch {
    return false;
  }
}

async function readConfig(api: KubernetesApi, name: string): Promise<Record<string, string>> {
  return (await read<V1ConfigMap>(api, `/api/v1/namespaces/knative-serving/configmaps/${name}`))?.data ?? {};
}

/** cert-manager's Deployments, whatever namespace they are in. */
export async function readCertManagerDeployments(api: KubernetesApi): Promise<V1Deployment[]> {
  const deployments = await list<V1Deployment>(
    api,
    '/apis/apps/v1/deployments?labelSelector=app.kubernetes.io%2Fname%20in%20(cert-manager,cainjector,webhook),app.kubernetes.io%2Finstance',
  );
  return deployments.filter(({ spec }) =>
    spec?.template.spec?.containers.some(({ image }) => image?.includes('cert-manager')),
  );
}
