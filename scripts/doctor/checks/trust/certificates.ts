import type { KubernetesApi } from '../../../kubernetes/client.ts';
import { type Conditioned, notReady } from '../../../kubernetes/conditions.ts';
import { list, read } from '../../../kubernetes/read.ts';
import { commandLine } from '../../../terminal/command-line.ts';
import { broken, type Finding, ok, warning } from '../../../terminal/finding.ts';
import { shell } from '../../../terminal/output.ts';
import { check, explainedBy } from '../../check.ts';
import { clusterLocalTls } from '../connection/cluster-local-tls.ts';
import { hostOf, isElsewhere, webhook } from '../connection/webhook.ts';
import { issuer } from '../platform/issuer.ts';

/** cert-manager's Certificate. */
export interface Certificate extends Conditioned {
  metadata: Conditioned['metadata'] & { namespace: string };
  spec: { secretName: string; dnsNames?: string[]; issuerRef: { kind?: string; name: string } };
  status?: Conditioned['status'] & { notAfter?: string; renewalTime?: string };
}

/**
 * The Certificate that the caBundle is taken from, which must be there, and those for the host, of which one must: by the
 * same issuer, or the API server would not trust it.
 */
export const certificates = check(
  'certificates',
  'Certificates',
  [webhook, explainedBy(issuer), explainedBy(clusterLocalTls)],
  async ({ api, installation }, { caFrom, clientConfig }) => {
    if (isElsewhere(clientConfig, installation)) return { findings: [] };
    const { name, namespace } = installation;
    const host = hostOf(clientConfig);
    const all = await list<Certificate>(api, `/apis/cert-manager.io/v1/namespaces/${namespace}/certificates`);
    const ofHost = all.filter(({ spec }) => spec.dnsNames?.includes(host));
    const trusted = caFrom === undefined ? undefined : await readCertificate(api, caFrom);
    const findings = [
      ...(trusted ? [certificateFinding(trusted, new Date())] : missingFindings(caFrom)),
      ...ofHost.map((certificate) => certificateFinding(certificate, new Date(), host)),
      ...ofHost.flatMap((certificate) => (trusted ? issuerFindings(certificate, trusted) : [])),
    ];
    if (ofHost.length === 0) {
      // Knative itself makes the Certificate of a cluster-local host, by its configuration.
      const fix = clientConfig.url ? shell`kubectl -n ${namespace} describe ksvc ${name}` : commandLine('deploy');
      findings.push(broken(`no Certificate in ${namespace} is for ${host}, the host that the API server calls`, fix));
    }
    return { findings };
  },
);

/** A Certificate by `namespace/name`, as cainjector's annotation has it. */
export async function readCertificate(api: KubernetesApi, place: string): Promise<Certificate | undefined> {
  const [namespace, name] = place.split('/');
  return read<Certificate>(api, `/apis/cert-manager.io/v1/namespaces/${namespace}/certificates/${name}`);
}

function missingFindings(caFrom: string | undefined): Finding[] {
  if (caFrom === undefined) return [];
  const [namespace, name] = caFrom.split('/');
  const text = `Certificate ${name} not found in ${namespace}: cainjector takes the caBundle from it`;
  return [broken(text, commandLine('deploy'))];
}

function issuerFindings(ofHost: Certificate, trusted: Certificate): Finding[] {
  const [own, other] = [issuerOf(ofHost), issuerOf(trusted)];
  if (own === other) return [];
  const text = `Certificate ${ofHost.metadata.name} is issued by ${own}, but the caBundle is taken from ${trusted.metadata.name}, issued by ${other}`;
  return [broken(text, commandLine('deploy'))];
}

function issuerOf({ spec: { issuerRef } }: Certificate): string {
  return `${issuerRef.kind ?? 'Issuer'} ${issuerRef.name}`;
}

const dayMs = 24 * 60 * 60 * 1000;
/** cert-manager renews with a third of the lifetime left, 30 days of 90: at this it has tried for a while. */
const warnDays = 21;

/** How one Certificate is at a time: for a host, or else for the caBundle. */
export function certificateFinding({ metadata, spec, status }: Certificate, now: Date, host?: string): Finding {
  const { name, namespace } = metadata;
  const fix = shell`kubectl -n ${namespace} describe certificate ${name}`;
  const title = `Certificate ${name} in ${namespace}`;
  const reason = notReady({ metadata, ...(status && { status }) });
  const days = (new Date(status?.notAfter ?? Number.NaN).getTime() - now.getTime()) / dayMs;
  const until = status?.notAfter?.slice(0, 10);
  if (days < 0) return broken(`${title} expired on ${until}`, fix);
  if (reason) return broken(`${title} ${reason}`, fix);
  if (days < warnDays) return warning(`${title} expires in ${Math.floor(days)} days, on ${until}`, fix);
  if (new Date(status?.renewalTime ?? Number.NaN) < now) {
    return warning(`${title} was due to be renewed on ${status?.renewalTime?.slice(0, 10)}`, fix);
  }
  const what = host === undefined ? 'for the caBundle' : `for ${host}`;
  return ok(`${name} ${what}${until ? `, until ${until}` : ''} (Secret ${spec.secretName})`);
}
