import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { connect, type TLSSocket } from 'node:tls';
import { expect } from 'chai';
import type { Context } from 'mocha';
import { readCallerTokens } from '../../scripts/install/caller-tokens.ts';
import { defaultInstallation as installation } from '../../scripts/install/installation.ts';
import { readGatewayPods, readNetwork } from '../../scripts/install/platform.ts';
import type { KubernetesApi } from '../../scripts/kubernetes/client.ts';
import { execute } from '../../scripts/kubernetes/exec.ts';
import { forwardPort } from '../../scripts/kubernetes/port-forward.ts';
import { read } from '../../scripts/kubernetes/read.ts';
import { countInjected, describeOnCluster, image, newNamespace, succeed, until, whileCreating } from './cluster.ts';

/** What is no review: 400 where its caller is served, before anything else is looked at. */
const body = '{}';

describeOnCluster("callers, on a cluster whose function serves those alone who have a caller's token", (api) => {
  it('a Pod in another namespace gets 404 at the cluster-local URL, and with the token it would be served', async () => {
    await using cleanup = new AsyncDisposableStack();
    const namespace = await newNamespace(api(), cleanup);
    await startBusybox(api(), namespace);
    const call = async (path: string) => {
      const url = `http://${installation.name}.${installation.namespace}.svc.cluster.local${path}`;
      const wget = ['wget', '-q', '-O', '-', '--header', 'Content-Type: application/json', '--post-data', body, url];
      return await execute(api(), { namespace, pod: 'caller', container: 'caller' }, wget);
    };
    // Cluster DNS keeps for half a minute that a name is unknown, which it was while nothing was deployed.
    await until('the name is known', async () => !(await call('/mutate')).stderr.includes('bad address'));
    for (const path of ['/mutate', `/mutate/${'0'.repeat(64)}`, '/mutate/hello', '/other']) {
      const { stdout, stderr } = await call(path);
      expect(stderr.trim(), path).to.match(/HTTP\/1\.1 404 Not Found$/);
      expect(stdout).to.equal('');
    }
    expect((await call(`/mutate/${await token(api())}`)).stderr).to.contain('HTTP/1.1 400 Bad Request');
  });

  it("a client at the gateway's public listener gets 404, and with the token it would be served", async function () {
    const call = await gatewayCaller(api(), this);
    for (const path of ['/mutate', `/mutate/${'0'.repeat(64)}`, '/mutate/hello', '/other'])
      expect([path, await call(path)]).to.deep.equal([path, { status: 404, text: notFound }]);
    expect((await call(`/mutate/${await token(api())}`)).status).to.equal(400);
  });

  it('no Pod goes without while the token is rotated, 200 and more of them, and the former one is served no more', async function () {
    const call = await gatewayCaller(api(), this);
    const former = await token(api());
    let output = '';
    const pods = await whileCreating(api(), async () => {
      output = await succeed('deploy', '--rotate-token', '--no-cold');
    });
    expect(pods.length).to.be.at.least(200);
    expect(countInjected(pods)).to.equal(pods.length);
    console.log(`    ${pods.length} Pods`);
    const next = await token(api());
    expect(next).not.to.equal(former);
    for (const one of [former, next]) expect(output).not.to.contain(one);
    await until('the kubelet has brought the Secret up to date', async () => {
      return (await call(`/mutate/${former}`)).status === 404;
    });
    expect((await call(`/mutate/${next}`)).status).to.equal(400);
  });

  it('no Pod goes without while an installation without a token gets its first one', async function () {
    const call = await gatewayCaller(api(), this);
    await succeed('undeploy', '--all-copies');
    await succeed('deploy', '--image', image, '--no-cold', '--reach', 'gateway');
    await withoutToken(api());
    await until('every caller is served', async () => (await call('/mutate')).status === 400);
    const pods = await whileCreating(api(), () => succeed('deploy', '--no-cold'));
    expect(pods.length).to.be.at.least(200);
    expect(countInjected(pods)).to.equal(pods.length);
    await until('callers without one are served no more', async () => (await call('/mutate')).status === 404);
  });
});

const notFound = JSON.stringify({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message: "not found: AdmissionReviews go to /mutate, with the caller's token if there is one",
  reason: 'NotFound',
  code: 404,
});

/** The token that the API server calls with. */
async function token(api: KubernetesApi): Promise<string> {
  const [first] = (await readCallerTokens(api, installation))?.tokens ?? [];
  if (first === undefined) throw new Error('there is no token');
  return first;
}

/** Makes the installation one of kubectl, without a Secret: called at /mutate, by a function that has not seen a token. */
async function withoutToken(api: KubernetesApi): Promise<void> {
  const { name, namespace } = installation;
  const configuration = `/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/${name}`;
  await api.send('DELETE', `/api/v1/namespaces/${namespace}/secrets/hello-webhook-caller-tokens`);
  const service = `/apis/serving.knative.dev/v1/namespaces/${namespace}/services/${name}`;
  await api.send('PATCH', service, {
    body: { spec: { template: { metadata: { annotations: { 'hello-webhook/caller-token': null } } } } },
    contentType: 'application/merge-patch+json',
  });
  await until('a revision without a token serves', async () => {
    const { metadata, status } = (await read<Revised>(api, service)) ?? {};
    const isReady = status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') ?? false;
    return isReady && status?.observedGeneration === metadata?.generation;
  });
  await api.send('PATCH', configuration, {
    body: [{ op: 'replace', path: '/webhooks/0/clientConfig/service/path', value: '/mutate' }],
    contentType: 'application/json-patch+json',
  });
}

interface Revised {
  metadata?: { generation?: number };
  status?: { observedGeneration?: number; conditions?: { type: string; status: string }[] };
}

async function startBusybox(api: KubernetesApi, namespace: string): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/pods`;
  const container = {
    name: 'caller',
    image: 'busybox:1.36',
    imagePullPolicy: 'IfNotPresent',
    command: ['sleep', '3600'],
  };
  const spec = { terminationGracePeriodSeconds: 0, containers: [container] };
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'caller' }, spec };
  await api.send('POST', path, { body: pod });
  await until('the Pod runs', async () => {
    const { status } = (await read<{ status?: { phase?: string } }>(api, `${path}/caller`)) ?? {};
    return status?.phase === 'Running';
  });
}

type Call = (path: string) => Promise<{ status: number; text: string }>;

/** Calls the function's host at the listener that the gateway has for the world; skips where the API server calls elsewhere. */
async function gatewayCaller(api: KubernetesApi, test: Context): Promise<Call> {
  const { gateway } = await readNetwork(api);
  if (!gateway) {
    console.log('    skipped: no gateway is known for the ingress of this cluster');
    return test.skip();
  }
  await succeed('deploy', '--reach', 'gateway', '--no-cold');
  const [pod] = await readGatewayPods(api, gateway);
  const { namespace } = gateway;
  const servername = `${installation.name}.${namespace}.svc`;
  return async (path) => {
    const forwarded = await forwardPort(api, { namespace, pod: pod?.metadata.name ?? '', port: 8443 });
    // Whose certificate it is, is for the API server to tell.
    const socket: TLSSocket = connect({ socket: forwarded, servername, rejectUnauthorized: false });
    try {
      const sent = request({
        method: 'POST',
        host: servername,
        path,
        headers: { 'Content-Type': 'application/json', Connection: 'close' },
        createConnection: () => socket,
      }).end(body);
      // Each ends with the error of the one below, once the answer is there.
      for (const end of [forwarded, socket, sent]) end.on('error', () => {});
      const [answer] = (await once(sent, 'response')) as [IncomingMessage];
      return { status: answer.statusCode ?? 0, text: await text(answer) };
    } finally {
      forwarded.destroy();
    }
  };
}
