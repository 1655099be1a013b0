/**
 * Labels and annotations that Kubernetes and its controllers set, or read as their own. A Pod whose label no longer
 * matches its owner's selector makes the owner create another, and another; annotations change what the kubelet and
 * admission do with the Pod.
 * Source: https://kubernetes.io/docs/reference/labels-annotations-taints/, and k8s.io/api apps/v1, batch/v1 (types.go).
 */
const owned = new Set([
  'pod-template-hash',
  'controller-revision-hash',
  'pod-template-generation',
  'job-name',
  'controller-uid',
]);

/**
 * What below kubernetes.io and k8s.io is meant for users to set on Pods: the recommended labels of applications, and
 * what they tell kubectl, the autoscaler, the descheduler, ReplicaSets (pod-deletion-cost), ExternalDNS, AppArmor and
 * the bandwidth plugin. Domains such as kueue.x-k8s.io are none of these.
 */
const forUsers = new Set([
  'app.kubernetes.io',
  'kubectl.kubernetes.io',
  'cluster-autoscaler.kubernetes.io',
  'descheduler.alpha.kubernetes.io',
  'controller.kubernetes.io',
  'external-dns.alpha.kubernetes.io',
  'container.apparmor.security.beta.kubernetes.io',
  'kubernetes.io/ingress-bandwidth',
  'kubernetes.io/egress-bandwidth',
]);

/** Why an injection must not set a label or annotation of this name, or undefined where it may. */
export function ownedKeyProblem(key: string): string | undefined {
  if (owned.has(key)) return 'must not be set: a controller finds its Pods by it';
  const domain = key.includes('/') ? key.slice(0, key.indexOf('/')) : '';
  if (!/(^|\.)(kubernetes|k8s)\.io$/.test(domain) || forUsers.has(domain) || forUsers.has(key)) return undefined;
  return `must not be set: ${domain} is Kubernetes' own; take a prefix of yours, or app.kubernetes.io`;
}
