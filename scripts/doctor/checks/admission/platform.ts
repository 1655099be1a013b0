import type { Installation } from '../../../install/installation.ts';
import { certManagerDeployments, type Network } from '../../../install/prerequisites.ts';
import type { Gateway } from '../../../install/reach.ts';
import type { KubernetesApi } from '../../../kubernetes/client.ts';
import { broken, type Finding, ok } from '../../../terminal/finding.ts';
import type { Seen } from '../../check.ts';
import { labelsOf, type Namespaces } from '../../namespaces.ts';
import { asksInNamespace } from '../../pod-rules.ts';
import type { Registered } from '../connection/webhook.ts';

/** Where an ingress of Knative's runs: its gateway and its controllers. */
const ingressNamespaces: Readonly<Record<Gateway['component'], readonly string[]>> = {
  'gateway-kourier': ['kourier-system'],
  'gateway-contour': ['contour-external', 'contour-internal', 'projectcontour'],
  'gateway-istio': ['istio-system'],
};

/**
 * Whether an entry may catch a Pod that the function itself needs to start or to be reached: with one that waits for the
 * function in turn, a cluster does not come back by itself.
 */
export async function lookAtPlatform(
  api: KubernetesApi,
  { namespace }: Installation,
  { entries, clientConfig }: Registered,
  { network, namespaces }: { network: Network; namespaces: Namespaces },
): Promise<Seen<true>> {
  const certManager = (await certManagerDeployments(api)).map(({ metadata }) => metadata?.namespace ?? '');
  const needed = new Set([
    namespace,
    'kube-system',
    'knative-serving',
    ...(network.gateway ? ingressNamespaces[network.gateway.component] : []),
    ...(clientConfig.service ? [clientConfig.service.namespace] : []),
    ...certManager,
  ]);
  const there = [...needed].filter((name) => namespaces.size === 0 || namespaces.has(name));
  const findings = entries.flatMap((entry): Finding[] => {
    const caught = there.filter((name) => asksInNamespace(entry, labelsOf(namespaces, name)));
    if (caught.length === 0) return [];
    const text = `entry ${entry.name} may catch Pods of ${caught.join(', ')}, which the function itself needs`;
    const fix = `npm run deploy, with ${caught.join(', ')} in the namespaceSelector of manifests/webhook/webhook.yaml`;
    return [broken('platform', text, fix)];
  });
  const good = ok('platform', `no entry catches Pods of ${there.join(', ')}`);
  return { findings: findings.length > 0 ? findings : [good], found: true };
}
