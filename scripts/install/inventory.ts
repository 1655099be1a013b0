import type { KubernetesApi } from '../kubernetes/client.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { list } from '../kubernetes/read.ts';
import { type Installation, instanceLabels } from './installation.ts';
import { webhookConfigurations } from './registration.ts';

/** Where an installation's objects are, in the order in which they are to be deleted. */
const collections = [
  webhookConfigurations,
  '/apis/serving.knative.dev/v1beta1/namespaces/NAMESPACE/domainmappings',
  '/apis/networking.internal.knative.dev/v1alpha1/clusterdomainclaims',
  '/apis/serving.knative.dev/v1/namespaces/NAMESPACE/services',
  // The gateway's is where the gateway is.
  '/api/v1/services',
  '/apis/cert-manager.io/v1/namespaces/NAMESPACE/certificates',
  '/apis/batch/v1/namespaces/NAMESPACE/cronjobs',
  '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
  '/apis/rbac.authorization.k8s.io/v1/clusterroles',
  '/apis/networking.k8s.io/v1/namespaces/NAMESPACE/networkpolicies',
  '/api/v1/namespaces/NAMESPACE/configmaps',
  '/api/v1/namespaces/NAMESPACE/serviceaccounts',
  '/api/v1/namespaces',
];

/**
 * All objects of an installation, in the order in which they are to be deleted: those with its labels where it puts such
 * objects, since anybody may set the labels on what is his own. What Knative has made of them has the labels too, but
 * goes with its owner.
 */
export async function listInstalled(api: KubernetesApi, installation: Installation): Promise<KubernetesObject[]> {
  const labels = Object.entries(instanceLabels(installation)).map((pair) => pair.join('='));
  const query = `labelSelector=${encodeURIComponent(labels.join(','))}`;
  const paths = collections.map((path) => path.replace('NAMESPACE', installation.namespace));
  const found = await Promise.all(paths.map((path) => list(api, `${path}?${query}`)));
  return found.flat().filter((object) => !object.metadata.ownerReferences && isInPlace(object, installation));
}

/** Whether an object is where an installation has such a one: its own namespace, and a Service of its name beside a gateway. */
function isInPlace({ kind, metadata }: KubernetesObject, { name, namespace }: Installation): boolean {
  if (kind === 'Namespace') return metadata.name === namespace;
  return kind !== 'Service' || metadata.namespace === namespace || metadata.name === name;
}

/** What a namespace may hold that somebody would miss. */
const foreignKinds = [
  '/apis/apps/v1/deployments',
  '/apis/apps/v1/statefulsets',
  '/apis/apps/v1/daemonsets',
  '/apis/batch/v1/cronjobs',
  '/apis/batch/v1/jobs',
  '/apis/serving.knative.dev/v1/services',
  '/api/v1/pods',
  '/api/v1/services',
  '/api/v1/persistentvolumeclaims',
  '/api/v1/configmaps',
  '/api/v1/secrets',
  '/api/v1/serviceaccounts',
];

/** What Kubernetes, OpenShift and Istio put into every namespace. */
const inEveryNamespace = new Set([
  'ConfigMap kube-root-ca.crt',
  'ConfigMap openshift-service-ca.crt',
  'ConfigMap istio-ca-root-cert',
  'ServiceAccount default',
]);

/**
 * What the function's namespace holds that is not the installation's, once the installation's objects are deleted: neither
 * what is in every namespace, nor what is deleted with those objects, a moment later. `deleted` are their UIDs.
 */
export async function listForeign(
  api: KubernetesApi,
  { name, namespace }: Installation,
  deleted: ReadonlySet<unknown>,
): Promise<KubernetesObject[]> {
  const paths = foreignKinds.map((kind) => kind.replace(/\/(\w+)$/, `/namespaces/${namespace}/$1`));
  const objects = (await Promise.all(paths.map((path) => list(api, path)))).flat();
  // A CronJob's Job goes with it, and the Job's Pods with that: owners stand before what they own.
  const going = new Set(deleted);
  for (const object of objects) if (isOwnedBy(object, going)) going.add(object.metadata.uid);
  return objects
    .filter((object) => !inEveryNamespace.has(`${object.kind} ${object.metadata.name}`))
    .filter((object) => !isOfKnative(object, name) && !isOwnedBy(object, going));
}

/** Whether Knative has made an object for the function, by the labels of all that it makes for a service. */
function isOfKnative({ metadata: { labels = {} } }: KubernetesObject, name: string): boolean {
  return labels['serving.knative.dev/service'] === name || labels['serving.knative.dev/route'] === name;
}

function isOwnedBy({ metadata }: KubernetesObject, uids: ReadonlySet<unknown>): boolean {
  const { ownerReferences = [] } = metadata as { ownerReferences?: { uid: string }[] };
  return ownerReferences.some(({ uid }) => uids.has(uid));
}

const certificateName = 'cert-manager.io/certificate-name';

/** The Certificates of manifests: named here, since one may be deleted before its Secret is. */
const certificatesOfManifests = ['hello-webhook-ca', 'hello-webhook-gateway'];

/** The names of an installation's Certificates: those of the manifests, and Knative's for its function. */
export async function listCertificates(api: KubernetesApi, { name, namespace }: Installation): Promise<Set<string>> {
  const selector = `labelSelector=serving.knative.dev%2Froute%3D${name}`;
  const ofKnative = await list(api, `${certificatesIn(namespace)}?${selector}`);
  return new Set([...certificatesOfManifests, ...ofKnative.flatMap(({ metadata }) => metadata.name ?? [])]);
}

/** The Secrets of Certificates of these names that are deleted: cert-manager leaves them behind. */
export async function listOrphanedSecrets(
  api: KubernetesApi,
  { namespace }: Installation,
  certificates: ReadonlySet<string>,
): Promise<KubernetesObject[]> {
  const existing = new Set((await list(api, certificatesIn(namespace))).map(({ metadata }) => metadata.name));
  const secrets = await list(api, `/api/v1/namespaces/${namespace}/secrets`);
  return secrets.filter(({ metadata }) => {
    const { [certificateName]: name } = (metadata.annotations ?? {}) as Record<string, string>;
    return name !== undefined && certificates.has(name) && !existing.has(name);
  });
}

function certificatesIn(namespace: string): string {
  return `/apis/cert-manager.io/v1/namespaces/${namespace}/certificates`;
}
