import type { KubernetesApi } from '../kubernetes/client.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { list } from '../kubernetes/read.ts';
import type { Installation } from './installation.ts';

/** What a namespace has that somebody would miss. */
const kinds = [
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
const inEvery = new Set([
  'ConfigMap kube-root-ca.crt',
  'ConfigMap openshift-service-ca.crt',
  'ConfigMap istio-ca-root-cert',
  'ServiceAccount default',
]);

/**
 * What a function's namespace holds once the installation's objects are gone: neither what is in every namespace, nor what
 * goes with those objects, a moment later. `gone` are their UIDs.
 */
export async function occupantsOf(
  api: KubernetesApi,
  { name, namespace }: Installation,
  gone: ReadonlySet<unknown>,
): Promise<KubernetesObject[]> {
  const collections = kinds.map((kind) => kind.replace(/\/(\w+)$/, `/namespaces/${namespace}/$1`));
  const objects = (await Promise.all(collections.map((collection) => list(api, collection)))).flat();
  return objects
    .filter((object) => !inEvery.has(`${object.kind} ${object.metadata.name}`))
    .filter((object) => !isOfFunction(object, name) && !isOwned(object, gone));
}

/** By the labels of all that Knative makes for a service. */
function isOfFunction({ metadata: { labels = {} } }: KubernetesObject, name: string): boolean {
  return labels['serving.knative.dev/service'] === name || labels['serving.knative.dev/route'] === name;
}

function isOwned({ metadata }: KubernetesObject, owners: ReadonlySet<unknown>): boolean {
  const { ownerReferences = [] } = metadata as { ownerReferences?: { uid: string }[] };
  return ownerReferences.some(({ uid }) => owners.has(uid));
}
