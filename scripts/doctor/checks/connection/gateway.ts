import type { V1EndpointSlice, V1Service } from '@kubernetes/client-node';
import { type Network, readClusterLocalTls } from '../../../install/prerequisites.ts';
import type { KubernetesApi } from '../../../kubernetes/client.ts';
import { type Conditioned, notReady } from '../../../kubernetes/conditions.ts';
import { list, read } from '../../../kubernetes/read.ts';
import { broken, ok } from '../../../terminal/finding.ts';
import type { Seen } from '../../check.ts';
import { count } from '../../names.ts';
import type { Registered } from './webhook.ts';

/** Where TLS ends: a port of a ready Pod of the gateway. */
export interface Door {
  namespace: string;
  pod: string;
  port: number;
}

/** For the cluster-local URL: Knative's configuration for it, and the gateway's port for such hosts; none where no Pod is ready. */
export async function lookAtClusterLocalTls(api: KubernetesApi, network: Network): Promise<Seen<Door[]>> {
  const findings = [await readClusterLocalTls(api, network)];
  const { namespace = '', app = '', clusterLocalPort: port } = network.gateway ?? {};
  if (port === undefined) return { findings, found: [] };
  const pods = await list<Conditioned>(api, `/api/v1/namespaces/${namespace}/pods?labelSelector=app%3D${app}`);
  const ready = pods.filter((pod) => notReady(pod) === undefined);
  return { findings, found: ready.map(({ metadata }) => ({ namespace, pod: metadata.name, port })) };
}

/** For the way by the gateway's Service: that Service, and the ready Pods behind it. */
export async function lookAtGateway(api: KubernetesApi, { clientConfig }: Registered): Promise<Seen<Door[]>> {
  const { name = '', namespace = '', port = 443 } = clientConfig.service ?? {};
  const title = `Service ${name} in ${namespace}`;
  const fail = (text: string, fix = 'npm run deploy') => ({ findings: [broken('gateway', `${title} ${text}`, fix)] });
  const spec = (await read<V1Service>(api, `/api/v1/namespaces/${namespace}/services/${name}`))?.spec;
  if (!spec) return fail('is not there');
  if (spec.type === 'ExternalName') return fail('is an ExternalName: the API server cannot call it');
  const served = spec.ports?.find((one) => one.port === port);
  if (!served) return fail(`has no port ${port}: the API server cannot call it`);
  const found = (await readSlices(api, { name, namespace })).flatMap((slice) => doorsOf(slice, namespace, served.name));
  const [first] = found;
  if (first)
    return {
      findings: [ok('gateway', `${title}, ${count(found.length, 'ready endpoint')} on port ${first.port}`)],
      found,
    };
  const selector = Object.entries(spec.selector ?? {}).map((pair) => pair.join('='));
  return fail('has no ready endpoint', `kubectl -n ${namespace} get pod -l ${selector.join(',')}`);
}

function readSlices(
  api: KubernetesApi,
  { name, namespace }: { name: string; namespace: string },
): Promise<V1EndpointSlice[]> {
  const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
  return list<V1EndpointSlice>(api, `${path}?labelSelector=kubernetes.io%2Fservice-name%3D${name}`);
}

function doorsOf({ endpoints, ports }: V1EndpointSlice, namespace: string, portName = ''): Door[] {
  const port = ports?.find(({ name = '' }) => name === portName)?.port;
  if (port === undefined) return [];
  const ready = (endpoints ?? []).filter(({ conditions }) => conditions?.ready ?? true);
  return ready.map(({ targetRef }) => ({ namespace, pod: targetRef?.name ?? '', port }));
}
