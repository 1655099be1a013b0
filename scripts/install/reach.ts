import { readManifest } from '../kubernetes/manifest.ts';
import { manifestPath } from './manifests.ts';

/** A way for the API server to reach the function, by the name of its overlay. */
export type Reach = 'cluster-local-url' | Gateway['component'];

/** The gateway of an ingress of Knative's: where its Pods are and what they are labelled. */
export interface Gateway {
  component: (typeof gateways)[number];
  namespace: string;
  app: string;
  /** Other namespaces with Pods of the ingress. */
  otherNamespaces: readonly string[];
  /** The port of its Pods on which cluster-local hosts are served over TLS; none where it cannot. */
  clusterLocalPort?: number;
}

const gateways = ['gateway-kourier', 'gateway-contour', 'gateway-istio'] as const;

/** The gateway of an ingress class, as manifests/gateways has it, or undefined where there is none for it. */
export function gatewayOf(ingressClass: string): Gateway | undefined {
  for (const component of gateways) {
    const [configMap] = readManifest(gatewayFile(component));
    const {
      namespace = '',
      app = '',
      otherNamespaces = '',
      clusterLocalPort,
      ...data
    } = (configMap?.data ?? {}) as Record<string, string>;
    if (data.ingressClass !== ingressClass) continue;
    return {
      component,
      namespace,
      app,
      otherNamespaces: otherNamespaces.split(' ').filter(Boolean),
      ...(clusterLocalPort && { clusterLocalPort: Number(clusterLocalPort) }),
    };
  }
  return undefined;
}

/** The file that says where the gateway of a way is. */
export function gatewayFile(component: Gateway['component']): string {
  return manifestPath(`gateways/${component.slice('gateway-'.length)}/gateway.yaml`);
}

/** The ways to try, the one without a public listener first. */
export function waysOf(
  chosen: 'url' | 'gateway' | 'auto',
  gateway: Gateway | undefined,
  hasClusterLocalTls: boolean,
): Reach[] {
  const url: Reach[] = chosen === 'url' || (chosen === 'auto' && hasClusterLocalTls) ? ['cluster-local-url'] : [];
  return [...url, ...(chosen !== 'url' && gateway ? [gateway.component] : [])];
}
