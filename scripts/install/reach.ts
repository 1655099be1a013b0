/** A way for the API server to reach the function, by the name of its component in manifests/components. */
export type Reach = 'cluster-local-url' | Gateway['component'];

/** The gateway of an ingress of Knative's: where its Pods are and what they are labelled. */
export interface Gateway {
  component: 'gateway-kourier' | 'gateway-contour' | 'gateway-istio';
  namespace: string;
  app: string;
  /** The port of its Pods on which cluster-local hosts are served over TLS; none where it cannot. */
  clusterLocalPort?: number;
}

/** By Knative's ingress-class, with the namespaces of their usual installation. The port for external hosts over TLS is 8443 in each. */
const gateways: Readonly<Record<string, Gateway>> = {
  'kourier.ingress.networking.knative.dev': {
    component: 'gateway-kourier',
    namespace: 'kourier-system',
    app: '3scale-kourier-gateway',
    clusterLocalPort: 8444,
  },
  'gateway-api.ingress.networking.knative.dev': {
    component: 'gateway-contour',
    namespace: 'contour-external',
    app: 'envoy-knative-external',
  },
  'istio.ingress.networking.knative.dev': {
    component: 'gateway-istio',
    namespace: 'istio-system',
    app: 'istio-ingressgateway',
    clusterLocalPort: 8444,
  },
};

/** The gateway of an ingress class, or undefined where the manifests have none for it. */
export function gatewayOf(ingressClass: string): Gateway | undefined {
  return gateways[ingressClass];
}
