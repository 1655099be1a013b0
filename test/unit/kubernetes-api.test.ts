import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { connect } from '../../scripts/cluster/kubernetes-api.ts';
import { createCertificateAuthority } from '../../scripts/local/certificate-authority.ts';
import { temporaryDirectory } from '../../scripts/local/temporary-directory.ts';

describe('connect', () => {
  it("asks below the server's own path, which a proxy before many clusters tells them apart by", async () => {
    await using cleanup = new AsyncDisposableStack();
    const authority = await createCertificateAuthority('proxy');
    const proxy = createServer(await authority.issueForLocalhost(), ({ url }, response) => {
      response.end(JSON.stringify({ url }));
    });
    cleanup.defer(() => void proxy.close());
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const file = join(temporaryDirectory(join(tmpdir(), 'hello-webhook-test-'), cleanup), 'kubeconfig.json');
    const asked = async (path: string) => {
      const server = `https://127.0.0.1:${(proxy.address() as AddressInfo).port}${path}`;
      await writeFile(file, JSON.stringify(kubeconfig(server, authority.cert)));
      const { object } = await connect({ kubeconfig: file }).send<{ url: string }>('GET', '/api/v1/nodes?limit=1');
      return object.url;
    };
    expect(await asked('/k8s/clusters/c-1')).to.equal('/k8s/clusters/c-1/api/v1/nodes?limit=1');
    expect(await asked('/k8s/clusters/c-1/')).to.equal('/k8s/clusters/c-1/api/v1/nodes?limit=1');
    expect(await asked('')).to.equal('/api/v1/nodes?limit=1');
  });
});

function kubeconfig(server: string, ca: string): object {
  return {
    'current-context': 'proxy',
    clusters: [
      { name: 'proxy', cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') } },
    ],
    users: [{ name: 'user', user: {} }],
    contexts: [{ name: 'proxy', context: { cluster: 'proxy', user: 'user' } }],
  };
}
