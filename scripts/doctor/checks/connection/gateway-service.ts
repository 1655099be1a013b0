import type { V1EndpointSlice, V1Service } from '@kubernetes/client-node';
import type { KubernetesApi } from '../../../kubernetes/client.ts';
import type { PodPort } from '../../../kubernetes/port-forward.ts';
import { list, read } from '../../../kubernetes/read.ts';
import { commandLine } from '../../../terminal/command-line.ts';
import { broken, ok } from '../../../terminal/finding.ts';
import { shell } from '../../../terminal/output.ts';
import { check, explainedBy } from '../../check.ts';
import { count } from '../../text.ts';
import { ingress } from '../platform/ingress.ts';
import { webhook } from './webhook.ts';

/** Where a Service before the gateway is called: that Service, and the ready Pods behind it. */
export const gatewayService = check(
  'gateway-service',
  'Gateway Service',
  [webhook, explainedBy(ingress)],
  async ({ api }, { clientConfig: { service } }) => {
    if (!service) return { findings: [] };
    const { name, namespace, port = 443 } = service;
    const title = `Service ${name} in ${namespace}`;
    const fail = (text: string, fix = commandLine('deploy')) => ({ findings: [broken(text, fix)] });
    const spec = (await read<V1Service>(api, `/api/v1/namespaces/${namespace}/services/${name}`))?.spec;
    if (!spec) return fail(`Service ${name} not found in ${namespace}`);
    if (spec.type === 'ExternalName') return fail(`${title} is an ExternalName: the API server cannot call it`);
    const served = spec.ports?.find((one) => one.port === port);
    if (!served) return fail(`${title} has no port ${port}: the API server cannot call it`);
    const slices = await readSlices(api, { name, namespace });
    const found = slices.flatMap((slice) => podPortsOf(slice, namespace, served.name));
    const [first] = found;
    if (first)
      return { findings: [ok(`${title}, ${count(found.length, 'ready endpoint')} on port ${first.port}`)], found };
    const selector = Object.entries(spec.selector ?? {}).map((pair) => pair.join('='));
    return fail(`${title} has no ready endpoint`, shell`kubectl -n ${namespace} get pod -l ${selector.join(',')}`);
  },
);

function readSlices(
  api: KubernetesApi,
  { name, namespace }: { name: string; namespace: string },
): Promise<V1EndpointSlice[]> {
  const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
  return list<V1EndpointSlice>(api, `${path}?labelSelector=kubernetes.io%2Fservice-name%3D${name}`);
}

function podPortsOf({ endpoints, ports }: V1EndpointSlice, namespace: string, portName = ''): PodPort[] {
  const port = ports?.find(({ name = '' }) => name === portName)?.port;
  if (port === undefined) return [];
  const ready = (endpoints ?? []).filter(({ conditions }) => conditions?.ready ?? true);
  return ready.map(({ targetRef }) => ({ namespace, pod: targetRef?.name ?? '', port }));
}
