/**
 * Where the Pods are that the function itself needs in order to start and to be reached: manifests/base/entry.yaml, which
 * kustomize cannot take from here, leaves out the same (a test compares them), and the function's own.
 */
export const platformNamespaces: ReadonlySet<string> = new Set([
  'kube-system',
  'knative-serving',
  'kourier-system',
  'contour-external',
  'contour-internal',
  'projectcontour',
  'istio-system',
  'cert-manager',
]);
