import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiError, connect, type KubernetesApi } from '../kubernetes/client.ts';
import { waitFor } from '../kubernetes/wait.ts';
import { temporaryDirectory } from '../terminal/temporary-directory.ts';
import { createCertificateAuthority } from './certificate-authority.ts';
import { startChild } from './child.ts';
import type { ControlPlane } from './control-plane.ts';
import { freePorts } from './free-ports.ts';

/** A running kube-apiserver with its etcd. No kubelet, scheduler or controller: Pods are stored and stay Pending. */
export interface ApiServer {
  /** A kubeconfig file for its administrator. */
  kubeconfig: string;
  api: KubernetesApi;
  /** Its audit log: one JSON audit.k8s.io/v1 Event a line, with metadata of all requests for Pods. */
  auditLog: string;
}

/**
 * Starts both on free ports of 127.0.0.1 in a temporary directory, the API server with `env` added to
 * ours, and waits until the API is ready. Throws with their output.
 */
export async function startApiServer(
  { etcd, kubeApiserver }: ControlPlane,
  cleanup: AsyncDisposableStack,
  env: NodeJS.ProcessEnv = {},
): Promise<ApiServer> {
  const directory = temporaryDirectory(join(tmpdir(), 'hello-webhook-'), cleanup);
  const [clientPort, peerPort, port] = await freePorts(3);
  const etcdUrl = `http://127.0.0.1:${clientPort}`;
  const files = await writeFiles(directory, `https://127.0.0.1:${port}`);
  const etcdArgs = [
    `--data-dir=${join(directory, 'etcd')}`,
    `--listen-client-urls=${etcdUrl}`,
    `--advertise-client-urls=${etcdUrl}`,
    `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
    '--unsafe-no-fsync',
  ];
  const store = startChild(etcd, etcdArgs, { cleanup });
  const serverArgs = [
    `--etcd-servers=${etcdUrl}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    `--cert-dir=${directory}`,
    `--tls-cert-file=${files.cert}`,
    `--tls-private-key-file=${files.key}`,
    `--token-auth-file=${files.tokens}`,
    '--authorization-mode=RBAC',
    '--allow-privileged',
    '--service-cluster-ip-range=10.0.0.0/24',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${files.serviceAccountKey}`,
    `--service-account-signing-key-file=${files.serviceAccountKey}`,
    `--audit-policy-file=${files.auditPolicy}`,
    `--audit-log-path=${files.auditLog}`,
  ];
  const server = startChild(kubeApiserver, serverArgs, { cleanup, env: { ...process.env, ...env } });
  const api = connect({ kubeconfig: files.kubeconfig });
  await Promise.race([waitForReady(api), store.failure, server.failure]);
  await prepareNamespace(api, 'default');
  return { kubeconfig: files.kubeconfig, api, auditLog: files.auditLog };
}

/**
 * Makes a namespace as a cluster's controllers would: with a ServiceAccount `default`, without which no Pod is
 * admitted. What is there already stays.
 */
export async function prepareNamespace(api: KubernetesApi, name: string, serviceAccount = 'default'): Promise<void> {
  await createUnlessThere(api, '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  const path = `/api/v1/namespaces/${name}/serviceaccounts`;
  await createUnlessThere(api, path, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: serviceAccount } });
}

async function createUnlessThere(api: KubernetesApi, path: string, body: object): Promise<void> {
  await api.send('POST', path, { body }).catch((error) => {
    if (!(error instanceof ApiError && error.status === 409)) throw error;
  });
}

async function waitForReady(api: KubernetesApi): Promise<void> {
  const look = () =>
    api.send('GET', '/api/v1/namespaces/default').then(
      () => ({ found: true }),
      ({ message }: Error) => ({ missing: message }),
    );
  await waitFor('waiting for the API server', look, { progress: () => {}, timeoutMs: 120_000, intervalMs: 100 });
}

async function writeFiles(directory: string, server: string) {
  const ca = await createCertificateAuthority('hello-webhook throwaway API server');
  const { key, cert } = await ca.issueForLocalhost();
  const token = randomUUID();
  const serviceAccountKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'hello-webhook',
    clusters: [
      {
        name: 'hello-webhook',
        cluster: { server, 'certificate-authority-data': Buffer.from(ca.cert).toString('base64') },
      },
    ],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'hello-webhook', context: { cluster: 'hello-webhook', user: 'admin' } }],
  };
  const auditPolicy = {
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Policy',
    omitStages: ['RequestReceived'],
    rules: [
      { level: 'Metadata', resources: [{ group: '', resources: ['pods', 'pods/ephemeralcontainers'] }] },
      { level: 'None' },
    ],
  };
  const contents = {
    'server.key': key,
    'server.crt': cert,
    'tokens.csv': `${token},admin,admin,system:masters\n`,
    'service-account.key': serviceAccountKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    'audit-policy.json': JSON.stringify(auditPolicy),
    'kubeconfig.json': JSON.stringify(kubeconfig),
  };
  for (const [name, content] of Object.entries(contents))
    await writeFile(join(directory, name), content, { mode: 0o600 });
  return {
    key: join(directory, 'server.key'),
    cert: join(directory, 'server.crt'),
    tokens: join(directory, 'tokens.csv'),
    serviceAccountKey: join(directory, 'service-account.key'),
    auditPolicy: join(directory, 'audit-policy.json'),
    auditLog: join(directory, 'audit.log'),
    kubeconfig: join(directory, 'kubeconfig.json'),
  };
}
