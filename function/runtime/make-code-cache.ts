import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { Agent, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadWithCodeCache } from './code-cache.ts';

/** In as many ways of writing YAML as such files have, so that what reads them is in the cache too. */
const injections = `# An injection
injections:
  - name: hello
    selector:
      matchLabels:
        hello: "true"
    volume: {name: hello-volume, configMap: {name: hello-configmap, defaultMode: 0444}}
    mount:
      mountPath: /etc/config
      readOnly: true
    labels:
      hello-added: OK
  - name: 'second'
    selector: {matchExpressions: [{key: hello, operator: Exists}]}
    namespaces:
      exclude: [kube-*]
    volume:
      name: second-volume
      projected:
        sources:
          - configMap: {name: second}
    mount: {mountPath: /etc/second}
    containers: {exclude: [istio-proxy]}
    annotations:
      example.com/second: >-
        mounted
    onConflict: skip
`;

const mounts = [{ name: 'data', mountPath: '/data' }];
const containers = ['app', 'istio-proxy'].map((name) => ({ name, image: name, volumeMounts: mounts }));
const pod = {
  metadata: { name: 'app', labels: { hello: 'true' }, ownerReferences: [{ kind: 'ReplicaSet', name: 'app' }] },
  spec: { containers, volumes: [{ name: 'data', emptyDir: {} }] },
};
const taken = { ...pod, spec: { containers: [{ name: 'app', volumeMounts: [{ name: 'v', mountPath: '/etc' }] }] } };
const unselected = { ...pod, metadata: { name: 'app' } };

/**
 * Makes the code cache, and ends the process: serves the function, lets it answer a few requests of each kind, and keeps
 * what V8 compiled for them. It has to be made by the very Node that will read it, so this is a command of the image's
 * build, `node dist/make-code-cache.cjs`.
 */
export async function makeCodeCache(directory: string, hash: string): Promise<void> {
  const file = join(tmpdir(), `injections-${process.pid}.yaml`);
  writeFileSync(file, injections);
  process.once('exit', () => rmSync(file));
  process.env.INJECTIONS = file;
  const tokens = `${file}.tokens`;
  const token = 't'.repeat(32);
  writeFileSync(tokens, token);
  process.once('exit', () => rmSync(tokens));
  process.env.CALLER_TOKENS = tokens;
  process.env.PORT = '0';
  // Whoever builds the image would take what is logged of made-up Pods for a fault of theirs.
  process.stdout.write = (_chunk: unknown, ...done: unknown[]) => {
    for (const written of done) if (typeof written === 'function') written();
    return true;
  };
  const { exports, writeCodeCache } = loadWithCodeCache(directory, hash);
  const server = await (exports as { serving: Promise<Server> }).serving;
  const { port } = server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true });
  const send = async (method: string, path: string, body?: object): Promise<void> => {
    const sent = request({ port, agent, method, path, headers: { 'Content-Type': 'application/json' } });
    const [answer] = (await once(sent.end(body && JSON.stringify(body)), 'response')) as [IncomingMessage];
    await once(answer.resume(), 'end');
    // A cache of how errors are answered would be of little use.
    if (answer.statusCode !== 200) throw new Error(`${method} ${path}: ${answer.statusCode}`);
  };
  for (let round = 0; round < 3; round++) {
    for (const object of [pod, taken, unselected])
      await send('POST', `/mutate/${token}?timeout=15s`, admissionReview(object));
    await send('GET', '/healthz');
  }
  writeCodeCache();
  process.exit(0);
}

function admissionReview(object: object): object {
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: { uid: '1', kind: { version: 'v1', kind: 'Pod' }, namespace: 'default', operation: 'CREATE', object },
  };
}
