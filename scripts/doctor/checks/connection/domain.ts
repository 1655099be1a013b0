import type { Installation } from '../../../install/installation.ts';
import type { KubernetesApi } from '../../../kubernetes/client.ts';
import { type Conditioned, notReady } from '../../../kubernetes/conditions.ts';
import { read } from '../../../kubernetes/read.ts';
import { broken, ok } from '../../../terminal/finding.ts';
import type { Seen } from '../../check.ts';
import { hostOf, type Registered } from './webhook.ts';

interface DomainMapping extends Conditioned {
  spec: { ref: { kind: string; name: string }; tls?: { secretName: string } };
}

/** For the way by the gateway's Service: the gateway takes its host for the function's, and serves it over TLS. */
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
