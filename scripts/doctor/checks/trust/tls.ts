import type { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { connect } from 'node:tls';
import type { KubernetesApi } from '../../../kubernetes/client.ts';
import { forwardPort } from '../../../kubernetes/port-forward.ts';
import { broken, type Finding, ok, unknown } from '../../../terminal/finding.ts';
import type { Seen } from '../../check.ts';
import type { Door } from '../connection/gateway.ts';

const answerMs = 10_000;

/** What the gateway serves for the host, read from within the cluster, against what the API server trusts. */
export async function lookAtServed(
  api: KubernetesApi,
  door: Door | undefined,
  expected: { host: string; caBundle: string },
): Promise<Seen<true>> {
  if (!door) return { findings: [unknown('TLS', 'no Pod of the gateway is known to look into')] };
  let socket: Duplex;
  try {
    socket = await forwardPort(api, door);
  } catch (error) {
    const { message } = error as Error;
    const finding = unknown('TLS', `no port-forward to Pod ${door.pod} in ${door.namespace}: ${message}`);
    return { findings: [isRefused(message) ? { ...finding, isDenied: true } : finding] };
  }
  try {
    return { findings: [await verifyServed(socket, expected)], found: true };
  } finally {
    socket.destroy();
  }
}

/** By the words of client-node's WebSocket, which tells of the status nowhere else. */
function isRefused(message: string): boolean {
  return message.endsWith('server response: 403');
}

/** Shakes hands as the API server does, and looks whether it would trust whom it meets. */
export async function verifyServed(
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
    const fix = 'the gateway serves no host it does not know: see domain and certificate, then kubectl get king -A';
    return broken('TLS', `no certificate is served for ${host}: ${reason}`, fix);
  } finally {
    client.on('error', () => {});
  }
  const served = client.getPeerX509Certificate();
  const { authorized, authorizationError } = client;
  client.destroy();
  if (authorized)
    return ok('TLS', `${host} is served with a certificate that the caBundle vouches for, until ${dayOf(served)}`);
  const text = `what is served for ${host} is not trusted: ${authorizationError}; ${describe(served)}`;
  return broken('TLS', text, 'see certificate and caBundle; kubectl get certificate -A shows what was issued by whom');
}

function dayOf(certificate: X509Certificate | undefined): string {
  return certificate?.validToDate.toISOString().slice(0, 10) ?? '';
}

function describe(certificate: X509Certificate | undefined): string {
  const { issuer = '', subjectAltName = 'no name' } = certificate ?? {};
  return `its certificate is for ${subjectAltName}, by ${issuer.replaceAll('\n', ', ')}, until ${dayOf(certificate)}`;
}
