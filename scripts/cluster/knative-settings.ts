import type { KubernetesObject } from '../kubernetes/object.ts';
import { imageOf, localRegistry, type PodProgram } from './images.ts';
import { modules } from './programs.ts';

/** A published object as this cluster has it: of its own images, with Contour's gateway, small and quick enough for one node. */
export function withSettings(object: KubernetesObject): KubernetesObject {
  const own = withOwnImages(object);
  const { name = '', namespace } = own.metadata;
  if (own.kind === 'ConfigMap') return { ...own, data: { ...(own.data as object), ...configuration[name] } };
  if (own.kind === 'ContourDeployment') return withOneReplica(own as ContourDeployment);
  const [container] = own.kind === 'Deployment' ? (own as Deployment).spec.template.spec.containers : [];
  if (namespace === 'cert-manager') {
    // Its program is older than its manifest, says so in no label, and answers no /livez: it would be restarted again and again.
    const labels = { ...own.metadata.labels, 'app.kubernetes.io/version': `v${modules.certManager.version}` };
    own.metadata = { ...own.metadata, labels };
    delete container?.livenessProbe;
  }
  if (name === 'contour-gateway-provisioner') {
    container?.args?.push(`--contour-image=${imageOf('contour')}`, `--envoy-image=${imageOf('envoy')}`);
  }
  return own;
}

/** Of Envoy, which takes what is left of the node. */
function withOneReplica(object: ContourDeployment): ContourDeployment {
  const { resources: _, ...envoy } = object.spec.envoy;
  return { ...object, spec: { ...object.spec, envoy: { ...envoy, deployment: { replicas: 1 } } } };
}

/** Knative's configuration, where it is not the default. */
const configuration: Record<string, Record<string, string>> = {
  'config-network': { 'ingress-class': 'gateway-api.ingress.networking.knative.dev' },
  'config-deployment': { 'registries-skipping-tag-resolving': localRegistry },
  // To scale to zero within seconds.
  'config-autoscaler': { 'stable-window': '6s', 'scale-to-zero-grace-period': '6s' },
};

/** The programs by their images in the manifests, less the tag; `ko://` stands for one that is still to be built. */
const images: Record<string, PodProgram> = {
  'ko://knative.dev/serving/cmd/controller': 'serving-controller',
  'ko://knative.dev/serving/cmd/webhook': 'serving-webhook',
  'ko://knative.dev/serving/cmd/activator': 'serving-activator',
  'ko://knative.dev/serving/cmd/autoscaler': 'serving-autoscaler',
  'ko://knative.dev/serving/cmd/queue': 'serving-queue',
  'ko://knative.dev/net-gateway-api/cmd/controller': 'net-gateway-api-controller',
  'ghcr.io/projectcontour/contour': 'contour',
  'quay.io/jetstack/cert-manager-controller': 'cert-manager-controller',
  'quay.io/jetstack/cert-manager-cainjector': 'cert-manager-cainjector',
  'quay.io/jetstack/cert-manager-webhook': 'cert-manager-webhook',
};

/** Images stand in containers, in Knative's ConfigMaps and in its Image: any text that is one is taken for one. */
function withOwnImages<T>(value: T): T {
  if (typeof value === 'string') {
    const program = images[value.replace(/:v[\d.]+$/, '')];
    return (program === undefined ? value : imageOf(program)) as T;
  }
  if (Array.isArray(value)) return value.map(withOwnImages) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withOwnImages(item)])) as T;
}

interface ContourDeployment extends KubernetesObject {
  spec: { envoy: { deployment: object; resources?: object } };
}

interface Deployment extends KubernetesObject {
  spec: { template: { spec: { containers: { args?: string[]; livenessProbe?: object }[] } } };
}
