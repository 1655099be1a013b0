import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { connect, type KubernetesApi } from '../../scripts/kubernetes/client.ts';
import { readinessOf } from '../../scripts/kubernetes/conditions.ts';
import { objectPath } from '../../scripts/kubernetes/discovery.ts';
import { waitFor } from '../../scripts/kubernetes/wait.ts';
import { createCertificateAuthority } from '../../scripts/local/certificate-authority.ts';
import { temporaryDirectory } from '../../scripts/terminal/temporary-directory.ts';
import { writeKubeconfig } from '../support/kubeconfig.ts';
import { listen } from '../support/listen.ts';

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

describe('a kubeconfig', () => {
  const secret = 'swordfish';
  /** The error of a command with a kubeconfig of this text. */
  const errorWith = async (content: string) => {
    await using cleanup = new AsyncDisposableStack();
    const file = join(temporaryDirectory(join(tmpdir(), 'hello-webhook-test-'), cleanup), 'config');
    await writeFile(file, content);
    const attempt = async () => connect({ kubeconfig: file }).send('GET', '/version');
    return attempt().then(
      () => 'none',
      (error: Error) => error.message,
    );
  };
  const withUser = (user: object, server = 'https://127.0.0.1:1') =>
    JSON.stringify({
      'current-context': 'test',
      clusters: [{ name: 'test', cluster: { server } }],
      users: [{ name: 'user', user }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'user' } }],
    });
  const plugin = (script: string) =>
    withUser({ exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'sh', args: ['-c', script] } });

  for (const [title, content, message] of [
    [
      'of invalid YAML is not quoted, but its place is named',
      `users:\n  - name: user\n    user:\n      token: "${secret}\n      x: *${secret}\n`,
      /^the kubeconfig cannot be read: invalid YAML at line \d+, column \d+$/,
    ],
    [
      'with an alias that is a token is not quoted',
      `users:\n  - user: {token: *${secret}}\n`,
      /^the kubeconfig cannot be read: invalid YAML at line 2, column \d+$/,
    ],
    [
      'whose server has a password is shown without it',
      withUser({}, `https://user:${secret}@127.0.0.1:1/k8s/?token=${secret}`),
      /^the API server https:\/\/127\.0\.0\.1:1\/k8s cannot be reached: ECONNREFUSED$/,
    ],
    [
      'whose server is no URL is not quoted',
      withUser({}, `https//user:${secret}@host`),
      /^the cluster's server in the kubeconfig must be a URL$/,
    ],
    [
      'whose plugin prints a token in place of JSON does not show it',
      plugin(`echo ${secret}`),
      /^the kubeconfig's credentials cannot be had: what their plugin prints is no ExecCredential in JSON$/,
    ],
    [
      'whose plugin fails shows what that says, and not how it was called',
      plugin(`: ${secret}; echo 'sign in first' >&2; exit 1`),
      /^the kubeconfig's credentials cannot be had: sign in first$/,
    ],
  ] as const) {
    it(title, async () => {
      const shown = await errorWith(content);
      expect(shown).to.match(message);
      expect(shown).not.to.contain(secret);
    });
  }

  it('whose server has a password is shown without it by all commands', async () => {
    await using cleanup = new AsyncDisposableStack();
    const file = join(temporaryDirectory(join(tmpdir(), 'hello-webhook-test-'), cleanup), 'config');
    await writeFile(file, withUser({}, `https://user:${secret}@127.0.0.1:1`));
    for (const command of ['doctor', 'deploy', 'undeploy', 'sync']) {
      const { stdout, stderr, status } = spawnSync(process.execPath, ['scripts/hello-webhook.ts', command], {
        encoding: 'utf8',
        env: { ...process.env, KUBECONFIG: file },
      });
      expect(stderr, command).to.contain('the API server https://127.0.0.1:1 cannot be reached: ECONNREFUSED');
      expect(`${stdout}${stderr}`).not.to.contain(secret);
      expect(status).to.equal(1);
    }
  });
});

describe('objectPath', () => {
  const object = (kind: string, name: string) => ({ apiVersion: 'shop/v1', kind, metadata: { name, namespace: 'a' } });
  /** An API server that serves these kinds, and what it is asked for. */
  const serving = (...kinds: string[]) => {
    const asked: string[] = [];
    const send = async (_: string, path: string) => {
      asked.push(path);
      if (kinds.length === 0) throw new Error('interrupted');
      const resources = kinds.map((kind) => ({ kind, name: `${kind.toLowerCase()}s`, namespaced: kind !== 'Shop' }));
      return { object: { resources }, warnings: [] };
    };
    return { api: { send } as unknown as KubernetesApi, asked, kinds };
  };

  it('asks the API server once for what a group serves', async () => {
    const { api, asked } = serving('Cart', 'Shop');
    expect(await objectPath(api, object('Cart', 'one'))).to.equal('/apis/shop/v1/namespaces/a/carts/one');
    expect(await objectPath(api, object('Cart', 'two'))).to.equal('/apis/shop/v1/namespaces/a/carts/two');
    expect(await objectPath(api, object('Shop', 'a'))).to.equal('/apis/shop/v1/shops/a');
    expect(asked).to.deep.equal(['/apis/shop/v1']);
  });

  it('asks again for a kind that was not served then, and where it had no answer', async () => {
    const { api, kinds } = serving();
    const path = () => objectPath(api, object('Cart', 'one')).catch(({ message }: Error) => message);
    expect(await path()).to.equal('interrupted');
    kinds.push('Shop');
    expect(await path()).to.equal('the API server does not serve Cart of shop/v1');
    kinds.push('Cart');
    expect(await path()).to.equal('/apis/shop/v1/namespaces/a/carts/one');
  });
});

describe('waitFor', () => {
  it('shows what is missing until it is found, or throws it once the time is over', async () => {
    const shown: (string | undefined)[] = [];
    const progress = (text?: string) => void shown.push(text);
    const looks = [{ missing: 'no caBundle' }, { found: 1 }] as const;
    let looked = 0;
    const found = await waitFor('waiting', async () => looks[looked++] ?? { missing: '' }, {
      progress,
      timeoutMs: 9e9,
    });
    expect([found, shown]).to.deep.equal([1, ['waiting: no caBundle', undefined]]);
    const failed = await waitFor('waiting', async () => ({ missing: 'no caBundle' }), {
      progress,
      timeoutMs: -1000,
    }).catch((error: Error) => error);
    expect(failed).to.include({
      name: 'TimeoutError',
      missing: 'no caBundle',
      message: 'waiting, for -1 s: no caBundle',
    });
  });
});

describe('readinessOf', () => {
  const object = (generation: number, ...conditions: { type: string; status: string; reason?: string }[]) => ({
    metadata: { name: 'hello', generation },
    status: { observedGeneration: 1, conditions },
  });
  for (const [title, given, state] of [
    ['no object', undefined, 'not found'],
    ['no condition yet', object(1), 'not observed'],
    ['a condition of what it said before', object(2, { type: 'Ready', status: 'True' }), 'not observed'],
    ['a condition that holds', object(1, { type: 'Ready', status: 'True' }), 'ready'],
    ['a condition that does not', object(1, { type: 'Ready', status: 'Unknown' }), 'not ready'],
    [
      'a revision that Knative has given up',
      object(
        1,
        { type: 'Ready', status: 'False' },
        { type: 'ConfigurationsReady', status: 'False', reason: 'RevisionFailed' },
      ),
      'failed',
    ],
  ] as const) {
    it(`is ${state} with ${title}`, () => {
      expect(readinessOf(given).state).to.equal(state);
    });
  }
});

/** What a server was asked. */
interface Request {
  url: string;
  body: string;
}

/** Starts a server that answers with what it was asked; how to connect to it at a path. */
async function startEcho(cleanup: AsyncDisposableStack): Promise<(path: string) => Promise<KubernetesApi>> {
  const ca = await createCertificateAuthority('echo');
  const server = createServer(await ca.issueForLocalhost(), async (request, response) => {
    response.end(JSON.stringify({ url: request.url, body: await text(request) }));
  });
  const port = await listen(server, cleanup);
  const file = join(temporaryDirectory(join(tmpdir(), 'hello-webhook-test-'), cleanup), 'kubeconfig.json');
  return async (path) => {
    writeKubeconfig(file, `https://127.0.0.1:${port}${path}`, ca.cert);
    return connect({ kubeconfig: file });
  };
}
