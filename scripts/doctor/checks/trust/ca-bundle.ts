import { X509Certificate } from 'node:crypto';
import type { V1Secret } from '@kubernetes/client-node';
import { certManagerDeployments } from '../../../install/prerequisites.ts';
import type { KubernetesApi } from '../../../kubernetes/client.ts';
import { read, unless } from '../../../kubernetes/read.ts';
import { broken, type Finding, ok, warning } from '../../../terminal/finding.ts';
import type { Seen } from '../../check.ts';
import type { Registered } from '../connection/webhook.ts';
import { readCertificate } from './certificates.ts';

/** What the API server trusts: every entry's caBundle, beside the authority that cainjector is to take it from. */
export async function lookAtCaBundle(api: KubernetesApi, webhook: Registered): Promise<Seen<string>> {
  const authority = await readAuthority(api, webhook.caFrom);
  const problem = webhook.entries
    .map(({ name, clientConfig }) => ({ name, ...problemOf(clientConfig.caBundle, authority) }))
    .find(({ text }) => text !== undefined);
  if (problem) {
    const text = `entry ${problem.name} ${problem.text}`;
    return { findings: [broken('caBundle', text, await cainjectorFix(api, webhook.caFrom))] };
  }
  const found = decoded(webhook.clientConfig.caBundle);
  return { findings: [caBundleFinding(webhook, found, authority !== undefined)], found };
}

function caBundleFinding({ name, caFrom }: Registered, pem: string, isCompared: boolean): Finding {
  const trusted = `the API server trusts ${certificatesIn(pem).map(subjectOf).join('; ')}`;
  if (caFrom === undefined) {
    const text = `${name} has no annotation cert-manager.io/inject-ca-from, so nobody keeps that up to date`;
    return warning('caBundle', `${trusted}; ${text}`, 'npm run deploy');
  }
  const compared = isCompared ? 'as' : 'which could not be compared with that';
  return ok('caBundle', `${trusted}, ${compared} in the Secret of Certificate ${caFrom}`);
}

function problemOf(caBundle: string | undefined, authority: string | undefined): { text?: string } {
  if (!caBundle) return { text: 'has no caBundle: the API server trusts no certificate of ours' };
  const certificates = readable(decoded(caBundle));
  if (!certificates) return { text: 'has a damaged caBundle: a certificate in it cannot be read' };
  const trusted = certificates.map(({ fingerprint256 }) => fingerprint256);
  if (trusted.length === 0) return { text: 'has a caBundle without a certificate' };
  const missing = certificatesIn(authority ?? '').find(({ fingerprint256 }) => !trusted.includes(fingerprint256));
  if (!missing) return {};
  return {
    text: `does not trust ${subjectOf(missing)}, the authority of the Certificate that the caBundle is taken from`,
  };
}

/** `ca.crt` of the Certificate's Secret; undefined where there is none, or it must not be read. */
async function readAuthority(api: KubernetesApi, caFrom: string | undefined): Promise<string | undefined> {
  if (caFrom === undefined) return undefined;
  const certificate = await readCertificate(api, caFrom);
  if (!certificate) return undefined;
  const { namespace } = certificate.metadata;
  const secret = await unless(
    403,
    read<V1Secret>(api, `/api/v1/namespaces/${namespace}/secrets/${certificate.spec.secretName}`),
  );
  return secret?.data?.['ca.crt'] && decoded(secret.data['ca.crt']);
}

async function cainjectorFix(api: KubernetesApi, caFrom: string | undefined): Promise<string> {
  if (caFrom === undefined) return 'npm run deploy';
  const cainjector = ((await unless(403, certManagerDeployments(api))) ?? []).find(
    ({ metadata }) => metadata?.labels?.['app.kubernetes.io/name'] === 'cainjector',
  );
  const { namespace = 'cert-manager', name = 'cert-manager-cainjector' } = cainjector?.metadata ?? {};
  return `cainjector sets it: kubectl -n ${namespace} logs deployment/${name}`;
}

function subjectOf({ subject }: X509Certificate): string {
  return subject.replaceAll('\n', ', ');
}

function decoded(base64 = ''): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}

/** The certificates in a text that others write, or undefined where one is damaged. */
function readable(pem: string): X509Certificate[] | undefined {
  try {
    return certificatesIn(pem);
  } catch {
    return undefined;
  }
}

function certificatesIn(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}
