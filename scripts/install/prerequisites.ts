import type { V1ConfigMap, V1Deployment, V1Pod } from '@kubernetes/client-node';
import type { KubernetesApi } from '../kubernetes/client.ts';
import { type Conditioned, notReady } from '../kubernetes/conditions.ts';
import { list, read, unless } from '../kubernetes/read.ts';
import { broken, type Finding, ok, warning } from '../terminal/finding.ts';
import { type Gateway, gatewayOf } from './reach.ts';

/** The ClusterIssuer that signs what the API server is to trust: manifests/platform/issuer. */
export const issuer = 'hello-webhook-issuer';

/** What a cluster has of what the webhook needs before anything of it is there. */
export interface Prerequisites {
  findings: Finding[];
  /** The gateway of the cluster's ingress; undefined where the manifests know none. */
  gateway: Gateway | undefined;
  /** Whether Knative serves cluster-local hosts over TLS; otherwise why not. */
  clusterLocalTls: Finding;
}

/** Looks at Knative, its ingress, cert-manager, the issuer and Knative's configuration for cluster-local TLS. */
export async function readPrerequisites(api: KubernetesApi): Promise<Prerequisites> {
  const network = await readNetwork(api);
  const findings = await Promise.all([
    readKnative(api),
    readIngress(api, network),
    readCertManager(api),
    readIssuer(api),
  ]);
  return { findings, gateway: network.gateway, clusterLocalTls: await readClusterLocalTls(api, network) };
}

/** Knative's network: its configuration, and the gateway of its ingress where the manifests know one. */
export interface Network {
  config: Record<string, string>;
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

async function readConfig(api: KubernetesApi, name: string): Promise<Record<string, string>> {
  return (await read<V1ConfigMap>(api, `/api/v1/namespaces/knative-serving/configmaps/${name}`))?.data ?? {};
}

export async function readKnative(api: KubernetesApi): Promise<Finding> {
  const fix = 'install Knative Serving: https://knative.dev/docs/install/';
  if (!(await read(api, '/apis/serving.knative.dev/v1'))) {
    return broken('knative', 'the API server does not serve serving.knative.dev/v1', fix);
  }
  const deployments = await readDeployments(api, 'knative-serving');
  const version = deployments[0]?.metadata?.labels?.['app.kubernetes.io/version'];
  return deploymentsFinding('knative', deployments, {
    good: `Knative Serving ${version ?? ''}`.trim(),
    needed: ['activator', 'autoscaler', 'controller', 'webhook'],
    namespace: 'knative-serving',
    fix,
  });
}

export async function readIngress(api: KubernetesApi, { ingressClass, gateway }: Network): Promise<Finding> {
  if (!gateway) {
    const text = `no gateway is known for Knative's ingress-class ${ingressClass}`;
    return warning('ingress', text, 'use Kourier, the Gateway API over Contour, or Istio; or --reach url');
  }
  const { namespace, app } = gateway;
  const pods = await list<Conditioned>(api, `/api/v1/namespaces/${namespace}/pods?labelSelector=app%3D${app}`);
  const ready = pods.filter((pod) => notReady(pod) === undefined).length;
  if (ready > 0) return ok('ingress', `${ingressClass}, ${ready} gateway Pod${ready > 1 ? 's' : ''} in ${namespace}`);
  const text = `no Pod labelled app=${app} is ready in ${namespace}, the gateway of ${ingressClass}`;
  return broken('ingress', text, `kubectl -n ${namespace} get pod -l app=${app}`);
}

export async function readCertManager(api: KubernetesApi): Promise<Finding> {
  const fix = 'install cert-manager: https://cert-manager.io/docs/installation/';
  if (!(await read(api, '/apis/cert-manager.io/v1'))) {
    return broken('cert-manager', 'the API server does not serve cert-manager.io/v1', fix);
  }
  const deployments = await certManagerDeployments(api);
  const version = deployments[0]?.metadata?.labels?.['app.kubernetes.io/version'];
  return deploymentsFinding('cert-manager', deployments, {
    good: `cert-manager ${version ?? ''}`.trim(),
    needed: ['cainjector', 'cert-manager', 'webhook'],
    nameOf: ({ metadata }) => metadata?.labels?.['app.kubernetes.io/name'],
    namespace: deployments[0]?.metadata?.namespace ?? 'cert-manager',
    fix,
  });
}

/** cert-manager's Deployments, whatever namespace they are in. */
export async function certManagerDeployments(api: KubernetesApi): Promise<V1Deployment[]> {
  const deployments = await list<V1Deployment>(
    api,
    '/apis/apps/v1/deployments?labelSelector=app.kubernetes.io%2Fname%20in%20(cert-manager,cainjector,webhook),app.kubernetes.io%2Finstance',
  );
  return deployments.filter(({ spec }) =>
    spec?.template.spec?.containers.some(({ image }) => image?.includes('cert-manager')),
  );
}

function readDeployments(api: KubernetesApi, namespace: string): Promise<V1Deployment[]> {
  return list<V1Deployment>(api, `/apis/apps/v1/namespaces/${namespace}/deployments`);
}

interface Needed {
  good: string;
  needed: string[];
  nameOf?: (deployment: V1Deployment) => string | undefined;
  namespace: string;
  fix: string;
}

function deploymentsFinding(
  link: string,
  deployments: V1Deployment[],
  { good, needed, nameOf = ({ metadata }) => metadata?.name, namespace, fix }: Needed,
): Finding {
  const missing = needed.filter((name) => !deployments.some((deployment) => nameOf(deployment) === name));
  if (missing.length > 0) return broken(link, `no Deployment of ${missing.join(', ')} is there`, fix);
  const idle = deployments
    .filter((deployment) => needed.includes(nameOf(deployment) ?? '') && !deployment.status?.availableReplicas)
    .map(({ metadata }) => metadata?.name);
  if (idle.length === 0) return ok(link, `${good}, ${needed.join(', ')} available`);
  return broken(link, `no Pod of ${idle.join(', ')} is available`, `kubectl -n ${namespace} get pod`);
}

export async function readIssuer(api: KubernetesApi): Promise<Finding> {
  const reason = notReady(await read<Conditioned>(api, `/apis/cert-manager.io/v1/clusterissuers/${issuer}`));
  if (!reason) return ok('issuer', `ClusterIssuer ${issuer} is ready`);
  return broken('issuer', `ClusterIssuer ${issuer} ${reason}`, 'kubectl apply -k manifests/platform/issuer');
}

export async function readClusterLocalTls(api: KubernetesApi, { config, gateway }: Network): Promise<Finding> {
  const link = 'local TLS';
  const fix = [
    'kubectl apply --server-side --force-conflicts --field-manager=hello-webhook -k manifests/platform/cluster-local-tls',
    'kubectl -n knative-serving rollout restart deployment/controller',
  ].join('\n');
  if (gateway && !gateway.clusterLocalPort) {
    return broken(
      link,
      `Knative's ingress ${gateway.component.slice('gateway-'.length)} has no TLS for cluster-local hosts`,
      'npm run deploy -- --reach gateway',
    );
  }
  if (config['cluster-local-domain-tls']?.toLowerCase() !== 'enabled') {
    return broken(link, 'cluster-local-domain-tls is not Enabled in config-network of knative-serving', fix);
  }
  const { clusterLocalIssuerRef = '' } = await readConfig(api, 'config-certmanager');
  if (!new RegExp(`^name: ["']?${issuer}["']?$`, 'm').test(clusterLocalIssuerRef)) {
    return broken(link, `clusterLocalIssuerRef is not ${issuer} in config-certmanager of knative-serving`, fix);
  }
  return ok(link, `cluster-local-domain-tls is Enabled, issued by ${issuer}`);
}
