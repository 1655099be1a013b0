import { X509Certificate } from 'node:crypto';
import type { V1Secret } from '@kubernetes/client-node';
import { readCertManagerDeployments } from '../../../install/platform.ts';
import type { KubernetesApi } from '../../../kubernetes/client.ts';
import { read, unless } from '../../../kubernetes/read.ts';
import { commandLine } from '../../../terminal/command-line.ts';
import { broken, type Finding, ok, warning } from '../../../terminal/finding.ts';
import { shell } from '../../../terminal/output.ts';
import { check, explainedBy } from '../../check.ts';
import { type Registered, webhook } from '../connection/webhook.ts';
import { certificates, readCertificate } from './certificates.ts';

/** What the API server trusts: the caBundle of each entry, beside the CA that cainjector is to take it from. */
export const caBundle = check(
  'ca-bundle',
  'caBundle',
  [webhook, explainedBy(certificates)],
  async ({ api }, registered) => {
    const ca = await readCa(api, registered.caFrom);
    const problem = registered.entries
      .map(({ name, clientConfig }) => ({ name, text: problemOf(clientConfig.caBundle, ca) }))
      .find(({ text }) => text !== undefined);
    if (problem) {
      const text = `entry ${problem.name} ${problem.text}`;
      return { findings: [broken(text, await cainjectorFix(api, registered.caFrom))] };
    }
    const found = decoded(registered.clientConfig.caBundle);
    return { findings: [caBundleFinding(registered, found, ca !== undefined)], found };
  },
);

function caBundleFinding({ name, caFrom }: Registered, pem: string, isCompared: boolean): Finding {
  const trusted = `the API server trusts ${certificatesIn(pem).map(subjectOf).join('; ')}`;
  if (caFrom === undefined) {
    const text = `${name} has no annotation cert-manager.io/inject-ca-from, so that stays as it is when the CA changes`;
    return warning(`${trusted}; ${text}`, commandLine('deploy'));
  }
  const compared = isCompared ? 'as' : 'which could not be compared with that';
  return ok(`${trusted}, ${compared} in the Secret of Certificate ${caFrom}`);
}

function problemOf(base64: string | undefined, ca: string | undefined): string | undefined {
  if (!base64) return "has no caBundle: the API server does not trust the function's certificate";
  const inBundle = readable(decoded(base64));
  if (!inBundle) return 'has an invalid caBundle: a certificate in it cannot be parsed';
  const trusted = inBundle.map(({ fingerprint256 }) => fingerprint256);
  if (trusted.length === 0) return 'has a caBundle without a certificate';
  const missing = certificatesIn(ca ?? '').find(({ fingerprint256 }) => !trusted.includes(fingerprint256));
  return missing && `does not trust ${subjectOf(missing)}, the CA of the Certificate that the caBundle is taken from`;
}

/** `ca.crt` of the Certificate's Secret; undefined where there is none, or it must not be read. */
async function readCa(api: KubernetesApi, caFrom: string | undefined): Promise<string | undefined> {
  if (caFrom === undefined) return undefined;
  const certificate = await readCertificate(api, caFrom);
  if (!certificate) return undefined;
  const { namespace } = certificate.metadata;
  const path = `/api/v1/namespaces/${namespace}/secrets/${certificate.spec.secretName}`;
  const secret = await unless(403, read<V1Secret>(api, path));
  return secret?.data?.['ca.crt'] && decoded(secret.data['ca.crt']);
}

async function cainjectorFix(api: KubernetesApi, caFrom: string | undefined): Promise<string> {
  if (caFrom === undefined) return commandLine('deploy');
  const cainjector = ((await unless(403, readCertManagerDeployments(api))) ?? []).find(
    ({ metadata }) => metadata?.labels?.['app.kubernetes.io/name'] === 'cainjector',
  );
  const { namespace = 'cert-manager', name = 'cert-manager-cainjector' } = cainjector?.metadata ?? {};
  return shell`# cainjector sets it:\nkubectl -n ${namespace} logs deployment/${name}`;
}

function subjectOf({ subject }: X509Certificate): string {
  return subject.replaceAll('\n', ', ');
}

function decoded(base64 = ''): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}

/** The certificates in a text that others write, or undefined where one cannot be parsed. */
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
