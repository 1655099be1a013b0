import { once } from 'node:events';
import { chownSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { apply } from '../kubernetes/apply.ts';
import { connect, type KubernetesApi } from '../kubernetes/client.ts';
import type { Conditioned } from '../kubernetes/conditions.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { read } from '../kubernetes/read.ts';
import { type Look, waitFor } from '../kubernetes/wait.ts';
import type { Progress } from '../terminal/progress.ts';
import { createCredentials } from './credentials.ts';
import { loadImage, nodeImages } from './images.ts';
import { createNamespaces, type Namespaces, nodeAddress } from './namespaces.ts';
import { apiServerPort, dns, nodeName } from './network.ts';
import { nodeConfiguration } from './node-configuration.ts';
import { firstPrograms, otherPrograms } from './node-programs.ts';
import { createState, stateDirectory } from './state.ts';

/** A Kubernetes of one node that runs. */
export interface Node {
  /** The administrator's kubeconfig file, good on this machine as it stands. */
  kubeconfig: string;
  api: KubernetesApi;
  namespaces: Namespaces;
}

/** Starts a node, which goes with `cleanup`, and waits until it is ready. Throws with the log of what failed. */
export async function startNode(
  options: { apiServerDns: boolean },
  { progress, cleanup }: { progress: Progress; cleanup: AsyncDisposableStack },
): Promise<Node> {
  progress('configuring the node');
  await createState(cleanup);
  const credentials = await createCredentials();
  for (const [name, content] of Object.entries({ ...credentials.files, ...nodeConfiguration(options) })) {
    writeFileSync(join(stateDirectory, 'etc', name), content, { mode: 0o600 });
  }
  const namespaces = await createNamespaces();
  const kubeconfig = join(stateDirectory, 'kubeconfig');
  writeFileSync(kubeconfig, credentials.kubeconfig(await relayToApiServer(namespaces)), { mode: 0o600 });
  // Of `sudo npm run cluster`, for whoever runs it.
  chownSync(kubeconfig, Number(process.env.SUDO_UID ?? 0), Number(process.env.SUDO_GID ?? 0));
  const node = { kubeconfig, api: connect({ kubeconfig }), namespaces };
  await Promise.race([startPrograms(node, progress), namespaces.failure]);
  return node;
}

/** Has connections to a port of the machine's 127.0.0.1, which it returns, go to the API server, for as long as the node is there. */
async function relayToApiServer(namespaces: Namespaces): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const relay = namespaces.fork([
    process.execPath,
    fileURLToPath(new URL(import.meta.filename.endsWith('.ts') ? 'relay.ts' : 'relay.mjs', import.meta.url)),
    `${apiServerPort}`,
  ]);
  relay.send('listen', server);
  // It is the relay's from now on, which lasts as long as the node.
  server.close();
  relay.unref();
  relay.channel?.unref();
  return port;
}

async function startPrograms({ api, namespaces }: Node, progress: Progress): Promise<void> {
  const start = (programs: Record<string, string[]>) => {
    for (const [name, command] of Object.entries(programs)) namespaces.start(name, command);
  };
  const wait = { progress, timeoutMs: 120_000 };
  start(firstPrograms);
  await waitFor('starting the API server', () => outcome(api.text('/readyz')), wait);
  await waitFor('starting containerd', () => outcome(namespaces.run(['ctr', 'version'])), wait);
  start(otherPrograms);
  for (const object of dnsService) await apply(api, object, { fieldManager: 'hello-webhook-cluster' });
  for (const image of await nodeImages()) await loadImage(image, namespaces);
  await waitFor(
    `starting ${nodeName}`,
    async () => {
      const node = await read<Conditioned>(api, `/api/v1/nodes/${nodeName}`);
      const ready = node?.status?.conditions?.find(({ type }) => type === 'Ready');
      return ready?.status === 'True' ? { found: true } : { missing: ready?.message ?? 'not registered yet' };
    },
    wait,
  );
}

/** Whether something succeeds by now; if not, the first line that says why: `/readyz` lists what is well, too, as `[+]`. */
export function outcome(attempt: Promise<unknown>): ReturnType<Look<true>> {
  return attempt.then(
    () => ({ found: true }),
    ({ message }: Error) => ({ missing: message.split('\n').find((line) => !line.startsWith('[+]')) ?? message }),
  );
}

/** The cluster's DNS, which runs on the node and not in a Pod. */
const dnsService: KubernetesObject[] = [
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'kube-dns', namespace: 'kube-system' },
    spec: {
      clusterIP: dns.address,
      ports: ['UDP', 'TCP'].map((protocol) => ({
        name: protocol.toLowerCase(),
        protocol,
        port: 53,
        targetPort: dns.nodePort,
      })),
    },
  },
  {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: 'kube-dns-node',
      namespace: 'kube-system',
      labels: { 'kubernetes.io/service-name': 'kube-dns' },
    },
    addressType: 'IPv4',
    ports: ['UDP', 'TCP'].map((protocol) => ({ name: protocol.toLowerCase(), protocol, port: dns.nodePort })),
    endpoints: [{ addresses: [nodeAddress] }],
  },
];
