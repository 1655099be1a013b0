import { readManifest } from '../kubernetes/manifest.ts';
import { manifestPath } from './manifests.ts';

const gateways = ['gateway-kourier', 'gateway-contour', 'gateway-istio'] as const;

/** The ways for the API server to reach the function, by the names of their overlays in manifests/overlays. */
export const reaches = ['cluster-local-url', ...gateways] as const;

/** A way for the API server to reach the function, by the name of its overlay in manifests/overlays. */
export type Reach = (typeof reaches)[number];

/** The gateway of an ingress of Knative's. Its Pods serve external hosts over TLS on port 8443. */
export interface Gateway {
  component: (typeof gateways)[number];
  /** Where its Pods usually are, and their label `app`. */
  namespace: string;
  app: string;
  /** Other namespaces with Pods of the ingress. */
  otherNamespaces: readonly string[];
  /** The port of its Pods on which cluster-local hosts are served over TLS; none where it cannot. */
  clusterLocalPort?: number;
}

/** The gateway of an ingress class, as its overlay has it, or undefined where no overlay is for it. */
export function gatewayOf(ingressClass: string): Gateway | undefined {
  return gateways.map(readGateway).find((gateway) => gateway.ingressClass === ingressClass);
}

function readGateway(component: Gateway['component']): Gateway & { ingressClass: string | undefined } {
  const [configMap] = readManifest(manifestPath(`overlays/${component}/gateway.yaml`));
  const data = (configMap?.data ?? {}) as Record<string, string>;
  const { namespace = '', app = '', ingressClass, otherNamespaces = '', clusterLocalPort } = data;
  return {
    component,
    namespace,
    app,
    ingressClass,
    otherNamespaces: otherNamespaces.split(' ').filter(Boolean),
    ...(clusterLocalPort && { clusterLocalPort: Number(clusterLocalPort) }),
  };
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
