import type { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { connect } from 'node:tls';
import { isAllowed } from '../../../kubernetes/access-review.ts';
import type { KubernetesApi } from '../../../kubernetes/client.ts';
import { forwardPort } from '../../../kubernetes/port-forward.ts';
import { broken, denied, type Finding, ok, unknown } from '../../../terminal/finding.ts';
import { check, eitherOf, explainedBy } from '../../check.ts';
import { clusterLocalTls } from '../connection/cluster-local-tls.ts';
import { domainMapping } from '../connection/domain-mapping.ts';
import { gatewayService } from '../connection/gateway-service.ts';
import { hostOf, webhook } from '../connection/webhook.ts';
import { caBundle } from './ca-bundle.ts';
import { certificates } from './certificates.ts';

const answerMs = 10_000;

/** The certificate that the gateway serves for the host, verified as the API server would; by a port-forward. */
export const tls = check(
  'tls',
  'TLS',
  [webhook, eitherOf(clusterLocalTls, gatewayService), caBundle, explainedBy(domainMapping), explainedBy(certificates)],
  async ({ api }, { clientConfig }, [gateway], trusted) => {
    if (!gateway) return { findings: [unknown('no ready Pod of the gateway to connect to')] };
    let socket: Duplex;
    try {
      socket = await forwardPort(api, gateway);
    } catch (error) {
      const text = `no port-forward to Pod ${gateway.pod} in ${gateway.namespace}: ${(error as Error).message}`;
      return { findings: [(await mayForward(api, gateway.namespace)) ? unknown(text) : denied(text)] };
    }
    try {
      return { findings: [await verifyTls(socket, { host: hostOf(clientConfig), caBundle: trusted })] };
    } finally {
      socket.destroy();
    }
  },
);

/** client-node says only in words why a WebSocket is refused. What it takes: get, and create since Kubernetes 1.35. */
async function mayForward(api: KubernetesApi, namespace: string): Promise<boolean> {
  const attributes = { namespace, version: 'v1', resource: 'pods', subresource: 'portforward' };
  for (const verb of ['get', 'create']) if (!(await isAllowed(api, { ...attributes, verb }))) return false;
  return true;
}

/** Shakes hands as the API server does, and says whether that would trust the certificate it is shown. */
export async function verifyTls(
  socket: Duplex,
  { host, caBundle }: { host: string; caBundle: string },
): Promise<Finding> {
  // Not refused, so that what is served can be shown.
  const client = connect({
    socket,
    servername: host,
    ca: caBundle,
    rejectUnauthorized: false,
    ALPNProtocols: ['http/1.1'],
  });
  try {
    await once(client, 'secureConnect', { signal: AbortSignal.timeout(answerMs) });
  } catch (error) {
    const { name, message } = error as Error;
    const reason = name === 'AbortError' ? `no answer within ${answerMs / 1000} s` : message;
    const fix = '# the gateway serves the hosts that it knows alone:\nkubectl get king -A';
    return broken(`no certificate is served for ${host}: ${reason}`, fix);
  } finally {
    client.on('error', () => {});
  }
  const served = client.getPeerX509Certificate();
  const { authorized, authorizationError } = client;
  client.destroy();
  if (authorized) return ok(`the certificate served for ${host} is trusted by the caBundle, until ${dayOf(served)}`);
  const text = `the certificate served for ${host} is not trusted: ${authorizationError}; ${describe(served)}`;
  return broken(text, '# shows what was issued by whom:\nkubectl get certificate -A -o wide');
}

function dayOf(certificate: X509Certificate | undefined): string {
  return certificate?.validToDate.toISOString().slice(0, 10) ?? '';
}

function describe(certificate: X509Certificate | undefined): string {
  const { issuer = '', subjectAltName = 'no name' } = certificate ?? {};
  return `it is for ${subjectAltName}, issued by ${issuer.replaceAll('\n', ', ')}, until ${dayOf(certificate)}`;
}
