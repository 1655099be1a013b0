import { type Conditioned, notReady } from '../../../kubernetes/conditions.ts';
import { read } from '../../../kubernetes/read.ts';
import { commandLine } from '../../../terminal/command-line.ts';
import { broken, type Finding, ok } from '../../../terminal/finding.ts';
import { shell } from '../../../terminal/output.ts';
import { check, explainedBy } from '../../check.ts';
import { knativeService } from '../function/knative-service.ts';
import { ingress } from '../platform/ingress.ts';
import { hostOf, webhook } from './webhook.ts';

interface DomainMapping extends Conditioned {
  spec: { ref: { kind: string; name: string }; tls?: { secretName: string } };
}

interface Claim {
  spec: { namespace: string };
}

/** Where a Service before the gateway is called: the gateway knows its host as the function's, and serves it over TLS. */
export const domainMapping = check(
  'domain-mapping',
  'DomainMapping',
  [webhook, explainedBy(ingress), explainedBy(knativeService)],
  async ({ api, installation }, { clientConfig }) => {
    if (!clientConfig.service) return { findings: [] };
    const host = hostOf(clientConfig);
    const { namespace } = installation;
    const mapping = await read<DomainMapping>(
      api,
      `/apis/serving.knative.dev/v1beta1/namespaces/${namespace}/domainmappings/${host}`,
    );
    if (!mapping) {
      const text = `DomainMapping ${host} not found in ${namespace}: the gateway does not know the host`;
      return { findings: [broken(text, commandLine('deploy'))] };
    }
    const claim = await read<Claim>(api, `/apis/networking.internal.knative.dev/v1alpha1/clusterdomainclaims/${host}`);
    return { findings: [mappingFinding(mapping, claim, { ...installation, host })] };
  },
);

function mappingFinding(
  mapping: DomainMapping,
  claim: Claim | undefined,
  { host, name, namespace }: { host: string; name: string; namespace: string },
): Finding {
  const fail = (text: string, fix = commandLine('deploy')) => broken(text, fix);
  if (claim?.spec.namespace !== namespace) {
    const whose = claim ? `is for ${claim.spec.namespace}` : 'not found';
    return fail(`ClusterDomainClaim ${host} ${whose}: ${namespace} may not use the host`);
  }
  const { ref, tls } = mapping.spec;
  if (ref.name !== name) return fail(`DomainMapping ${host} leads to ${ref.name}, not to ${name}`);
  if (!tls) return fail(`DomainMapping ${host} has no tls.secretName: the host is not served over TLS`);
  const reason = notReady(mapping);
  if (reason)
    return fail(`DomainMapping ${host} ${reason}`, shell`kubectl -n ${namespace} describe domainmapping ${host}`);
  return ok(`DomainMapping ${host} is ready, TLS by Secret ${tls.secretName}`);
}
