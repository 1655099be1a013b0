import type { KubernetesApi } from '../kubernetes/client.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { list } from '../kubernetes/read.ts';
import { type Installation, instanceLabels } from './installation.ts';

/** Where an installation's objects are, in the order in which they go. */
const collections = [
  '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations',
  '/apis/serving.knative.dev/v1beta1/domainmappings',
  '/apis/networking.internal.knative.dev/v1alpha1/clusterdomainclaims',
  '/apis/serving.knative.dev/v1/services',
  '/api/v1/services',
  '/apis/cert-manager.io/v1/certificates',
  '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
  '/apis/rbac.authorization.k8s.io/v1/clusterroles',
  '/api/v1/configmaps',
  '/api/v1/serviceaccounts',
  '/api/v1/namespaces',
];

/**
 * All objects that carry an installation's labels, in the order in which they are to be deleted. What Knative has made of
 * them carries the labels too, but goes with its owner.
 */
export async function inventory(api: KubernetesApi, installation: Installation): Promise<KubernetesObject[]> {
  const labels = Object.entries(instanceLabels(installation)).map((pair) => pair.join('='));
  const query = `labelSelector=${encodeURIComponent(labels.join(','))}`;
  const found = await Promise.all(collections.map((path) => list(api, `${path}?${query}`)));
  return found.flat().filter(({ metadata }) => !metadata.ownerReferences);
}
