import { generateKeyPairSync } from 'node:crypto';
import { stringify } from 'yaml';
import { createCertificateAuthority, type KeyPair, type Subject } from '../local/certificate-authority.ts';
import { nodeAddress } from './namespaces.ts';
import { apiServerPort, kubernetesAddress, nodeName } from './network.ts';

const clients: Record<string, Subject> = {
  admin: { user: 'admin', group: 'system:masters' },
  // The API server is a client of the kubelet, which is a server, too.
  kubelet: { user: `system:node:${nodeName}`, group: 'system:nodes', hosts: [nodeName], addresses: [nodeAddress] },
  'kube-controller-manager': { user: 'system:kube-controller-manager' },
  'kube-scheduler': { user: 'system:kube-scheduler' },
  'kube-proxy': { user: 'system:kube-proxy' },
};

const apiServer: Subject = {
  user: 'kube-apiserver',
  hosts: ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'],
  addresses: ['127.0.0.1', kubernetesAddress, nodeAddress],
};

/** The keys, certificates and kubeconfigs of a new node: the text of each file by its name. */
export interface Credentials {
  files: Record<string, string>;
  /** The administrator's kubeconfig, for an API server at a port of 127.0.0.1. */
  kubeconfig(port: number): string;
}

export async function createCredentials(): Promise<Credentials> {
  const ca = await createCertificateAuthority('hello-webhook cluster');
  const serviceAccounts = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const files: Record<string, string> = {
    'ca.crt': ca.cert,
    'service-account.key': serviceAccounts.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
  const issue = async (name: string, subject: Subject) => {
    const pair = await ca.issue(subject);
    files[`${name}.key`] = pair.key;
    files[`${name}.crt`] = pair.cert;
    return pair;
  };
  await issue('kube-apiserver', apiServer);
  for (const [name, subject] of Object.entries(clients)) {
    files[`${name}.kubeconfig`] = kubeconfigFor(apiServerPort, ca.cert, await issue(name, subject));
  }
  const admin = { key: files['admin.key'] ?? '', cert: files['admin.crt'] ?? '' };
  return { files, kubeconfig: (port) => kubeconfigFor(port, ca.cert, admin) };
}

function kubeconfigFor(port: number, ca: string, { key, cert }: KeyPair): string {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const name = 'hello-webhook-cluster';
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [{ name, cluster: { server: `https://127.0.0.1:${port}`, 'certificate-authority-data': base64(ca) } }],
    users: [{ name, user: { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  });
}
