import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { connect, type KubernetesApi } from '../../scripts/kubernetes/client.ts';
import { createCertificateAuthority } from '../../scripts/local/certificate-authority.ts';
import { temporaryDirectory } from '../../scripts/local/temporary-directory.ts';

describe('connect', () => {
  it("asks below the server's own path, which a proxy before many clusters tells them apart by", async () => {
    await using cleanup = new AsyncDisposableStack();
    const connectAt = await startEcho(cleanup);
    const asked = async (path: string) =>
      (await (await connectAt(path)).send<Request>('GET', '/api/v1/nodes?limit=1')).object.url;
    expect(await asked('/k8s/clusters/c-1')).to.equal('/k8s/clusters/c-1/api/v1/nodes?limit=1');
    expect(await asked('/k8s/clusters/c-1/')).to.equal('/k8s/clusters/c-1/api/v1/nodes?limit=1');
    expect(await asked('')).to.equal('/api/v1/nodes?limit=1');
  });

  it('sends a body with every method, the options of a DELETE included', async () => {
    await using cleanup = new AsyncDisposableStack();
    const api = await (await startEcho(cleanup))('');
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      const { object } = await api.send<Request>(method, '/', { body: { text: 'für' } });
      expect(object.body, method).to.equal('{"text":"für"}');
    }
  });
});

/** What a server was asked. */
interface Request {
  url: string;
  body: string;
}

/** Starts a server that answers with what it was asked; how to connect to it at a path. */
async function startEcho(cleanup: AsyncDisposableStack): Promise<(path: string) => Promise<KubernetesApi>> {
  const authority = await createCertificateAuthority('echo');
  const server = createServer(await authority.issueForLocalhost(), async (request, response) => {
    response.end(JSON.stringify({ url: request.url, body: await text(request) }));
  });
  cleanup.defer(() => void server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const file = join(temporaryDirectory(join(tmpdir(), 'hello-webhook-test-'), cleanup), 'kubeconfig.json');
  return async (path) => {
    await writeFile(file, JSON.stringify(kubeconfig(`https://127.0.0.1:${port}${path}`, authority.cert)));
    return connect({ kubeconfig: file });
  };
}

function kubeconfig(server: string, ca: string): object {
  return {
    'current-context': 'echo',
    clusters: [{ name: 'echo', cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') } }],
    users: [{ name: 'user', user: {} }],
    contexts: [{ name: 'echo', context: { cluster: 'echo', user: 'user' } }],
  };
}
