import type { V1EndpointSlice, V1Service } from '@kubernetes/client-node';
import { broken, ok } from '../finding.ts';
import { type Conditioned, type Installation, notReady } from '../installation.ts';
import { type KubernetesApi, list, read } from '../kubernetes-api.ts';
import { type Network, readClusterLocalTls } from '../prerequisites.ts';
import type { Seen } from './link.ts';
import { count } from './names.ts';
import { hostOf, type Registered } from './webhook.ts';

/** Where TLS ends: a port of a ready Pod of the gateway. */
export interface Door {
  namespace: string;
  pod: string;
  port: number;
}

/** For the cluster-local URL: Knative's configuration for it, and the gateway's port for such hosts. */
export async function lookAtClusterLocalTls(api: KubernetesApi, network: Network): Promise<Seen<Door>> {
  const findings = [await readClusterLocalTls(api, network)];
  const { namespace = '', app = '', clusterLocalPort: port } = network.gateway ?? {};
  if (port === undefined) return { findings };
  const pods = await list<Conditioned>(api, `/api/v1/namespaces/${namespace}/pods?labelSelector=app%3D${app}`);
  const ready = pods.find((pod) => notReady(pod) === undefined);
  return { findings, ...(ready && { found: { namespace, pod: ready.metadata.name, port } }) };
}

/** For the way by the gateway's Service: that Service, and a ready Pod behind it. */
export async function lookAtGateway(api: KubernetesApi, { clientConfig }: Registered): Promise<Seen<Door>> {
  const { name = '', namespace = '', port = 443 } = clientConfig.service ?? {};
  const title = `Service ${name} in ${namespace}`;
  const service = await read<V1Service>(api, `/api/v1/namespaces/${namespace}/services/${name}`);
  if (!service) return { findings: [broken('gateway', `${title} is not there`, 'npm run deploy')] };
  const portName = service.spec?.ports?.find((one) => one.port === port);
  if (service.spec?.type === 'ExternalName' || !portName) {
    const what = service.spec?.type === 'ExternalName' ? 'is an ExternalName' : `has no port ${port}`;
    return { findings: [broken('gateway', `${title} ${what}: the API server cannot call it`, 'npm run deploy')] };
  }
  const slices = await list<V1EndpointSlice>(
    api,
    `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3D${name}`,
  );
  const doors = slices.flatMap(({ endpoints, ports = [] }) => {
    const number = ports.find((one) => (one.name ?? '') === (portName.name ?? ''))?.port;
    const ready = (endpoints ?? []).filter(({ conditions }) => conditions?.ready ?? true);
    return number === undefined
      ? []
      : ready.map(({ targetRef }) => ({ namespace, pod: targetRef?.name ?? '', port: number }));
  });
  const [found] = doors;
  if (!found) {
    const selector = Object.entries(service.spec?.selector ?? {}).map((pair) => pair.join('='));
    const fix = `kubectl -n ${namespace} get pod -l ${selector.join(',')}`;
    return { findings: [broken('gateway', `${title} has no ready endpoint`, fix)] };
  }
  return {
    findings: [ok('gateway', `${title}, ${count(doors.length, 'ready endpoint')} on port ${found.port}`)],
    found,
  };
}

interface DomainMapping extends Conditioned {
  spec: { ref: { kind: string; name: string }; tls?: { secretName: string } };
}

/** For the same way: the host is the function's, and served over TLS. */
export async function lookAtDomain(
  api: KubernetesApi,
  { name, namespace }: Installation,
  { clientConfig }: Registered,
): Promise<Seen<true>> {
  const host = hostOf(clientConfig);
  const fail = (text: string, fix = 'npm run deploy') => ({ findings: [broken('domain', text, fix)] });
  const path = `/apis/serving.knative.dev/v1beta1/namespaces/${namespace}/domainmappings/${host}`;
  const mapping = await read<DomainMapping>(api, path);
  if (!mapping) return fail(`DomainMapping ${host} is not there in ${namespace}: the gateway does not know the host`);
  const claim = await read<{ spec: { namespace: string } }>(
    api,
    `/apis/networking.internal.knative.dev/v1alpha1/clusterdomainclaims/${host}`,
  );
  if (claim?.spec.namespace !== namespace) {
    const whose = claim ? `is for ${claim.spec.namespace}` : 'is not there';
    return fail(`ClusterDomainClaim ${host} ${whose}, so ${namespace} may not use the host`);
  }
  if (mapping.spec.ref.name !== name)
    return fail(`DomainMapping ${host} leads to ${mapping.spec.ref.name}, not to ${name}`);
  if (!mapping.spec.tls) return fail(`DomainMapping ${host} has no tls.secretName: the host is not served over TLS`);
  const reason = notReady(mapping);
  if (reason) return fail(`DomainMapping ${host} ${reason}`, `kubectl -n ${namespace} describe domainmapping ${host}`);
  return {
    findings: [ok('domain', `DomainMapping ${host} is ready, TLS by Secret ${mapping.spec.tls.secretName}`)],
    found: true,
  };
}
