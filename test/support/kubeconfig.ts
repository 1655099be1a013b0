import { writeFileSync } from 'node:fs';

/** Writes a kubeconfig for a server, whose certificate `ca` has issued if it has one. */
export function writeKubeconfig(file: string, server: string, ca?: string): void {
  const trust = ca
    ? { 'certificate-authority-data': Buffer.from(ca).toString('base64') }
    : { 'insecure-skip-tls-verify': true };
  const kubeconfig = {
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test', namespace: 'own' } }],
    clusters: [{ name: 'test', cluster: { server, ...trust } }],
    users: [{ name: 'test', user: {} }],
  };
  writeFileSync(file, JSON.stringify(kubeconfig));
}
