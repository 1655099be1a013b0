import { type Network, readGatewayPods, readNetwork } from '../../../install/platform.ts';
import { type Conditioned, notReady } from '../../../kubernetes/conditions.ts';
import { broken, type Finding, ok, warning } from '../../../terminal/finding.ts';
import { shell } from '../../../terminal/output.ts';
import { check, explainedBy } from '../../check.ts';
import { count } from '../../text.ts';
import { knative } from './knative.ts';

/** Knative's ingress, by which the API server reaches the function: a ready Pod of its gateway. */
export const ingress = check('ingress', 'Ingress', [explainedBy(knative)], async ({ api }) => {
  const network = await readNetwork(api);
  const pods = network.gateway ? await readGatewayPods(api, network.gateway) : [];
  return { findings: [ingressFinding(network, pods)], found: network };
});

function ingressFinding({ ingressClass, gateway }: Network, pods: readonly Conditioned[]): Finding {
  if (!gateway)
    return warning(
      `no gateway is known for Knative's ingress-class ${ingressClass}`,
      'use Kourier, the Gateway API over Contour, or Istio; or deploy with --reach url',
    );
  const { namespace, app } = gateway;
  const ready = pods.filter((pod) => notReady(pod) === undefined).length;
  if (ready > 0) return ok(`${ingressClass}, ${count(ready, 'gateway Pod')} in ${namespace}`);
  return broken(
    `no Pod labelled app=${app} is ready in ${namespace}, the gateway of ${ingressClass}`,
    shell`kubectl -n ${namespace} get pod -l app=${app}`,
  );
}
