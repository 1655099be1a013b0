import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { temporaryDirectory } from '../../scripts/terminal/temporary-directory.ts';

const pod = (name: string, mountPath: string) => `apiVersion: v1
kind: Pod
metadata: { name: ${name}, labels: { hello: "true" } }
spec:
  containers: [{ name: app, image: app:1, volumeMounts: [{ name: own, mountPath: ${mountPath} }] }]
  volumes: [{ name: own, emptyDir: {} }]
`;

describe('hello-webhook inject', () => {
  const cleanup = new AsyncDisposableStack();
  let directory: string;
  const inject = (args: string[], input = '') =>
    spawnSync(process.execPath, ['scripts/hello-webhook.ts', 'inject', ...args], {
      // Where npm was called.
      env: { ...process.env, INIT_CWD: directory },
      encoding: 'utf8',
      input,
    });

  before(() => {
    directory = temporaryDirectory(join(tmpdir(), 'hello-webhook-test-'), cleanup);
    writeFileSync(join(directory, 'free.yaml'), pod('free', '/data'));
    writeFileSync(join(directory, 'taken.yaml'), pod('taken', '/etc/config'));
    writeFileSync(join(directory, 'notes.txt'), 'no manifest');
  });
  after(() => cleanup.disposeAsync());

  it('takes files, directories and stdin, and puts them out as one text of YAML, with a line each on stderr', () => {
    const { status, stdout, stderr } = inject(['-f', '-', 'free.yaml', '-n', 'prod'], pod('piped', '/data').trimEnd());
    expect(status).to.equal(0);
    expect(stderr).to.equal('Pod piped: hello: injected\nPod free: hello: injected\n');
    expect(stdout.match(/^---$/gm)).to.have.length(1);
    expect(stdout.match(/hello-added: OK/g)).to.have.length(2);
    expect(inject(['-f', directory]).stderr).to.match(/^Pod free: .*\nPod taken: .*\n$/);
  });

  it('prints all of what is larger than a pipe has room for, however late it is read', async () => {
    const pods = Array.from({ length: 400 }, (_, index) => pod(`pod-${index}`, '/data'));
    writeFileSync(join(directory, 'large.txt'), pods.join('---\n'));
    const args = ['scripts/hello-webhook.ts', 'inject', '-f', join(directory, 'large.txt')];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    for await (const line of createInterface(child.stderr)) if (line.startsWith('Pod pod-399: ')) break;
    expect((await text(child.stdout)).match(/hello-added: OK/g)).to.have.length(400);
  });

  it('ends with 3 where something is skipped, and with 4 where a Pod would be denied, with the reason', () => {
    const skipped = inject(['-f', 'taken.yaml']);
    expect(skipped.status).to.equal(3);
    expect(skipped.stderr).to.equal('Pod taken: hello: skipped: container app: /etc/config is taken by volume own\n');
    writeFileSync(join(directory, 'deny.yaml'), denying);
    const denied = inject(['-f', 'taken.yaml', '--injections', 'deny.yaml']);
    expect(denied.status).to.equal(4);
    expect(denied.stdout).to.equal(pod('taken', '/etc/config'));
    expect(denied.stderr).to.equal('Pod taken: ca: denied: container app: /etc/config is taken by volume own\n');
  });

  it('shows what would change as a unified diff, without colours where there is no terminal', () => {
    const { status, stdout } = inject(['-f', 'free.yaml', '--diff']);
    expect(status).to.equal(0);
    expect(stdout.split('\n').slice(0, 4)).to.deep.equal([
      '--- free.yaml',
      '+++ free.yaml',
      '@@ -1,6 +1,6 @@',
      ' apiVersion: v1',
    ]);
    expect(stdout).to.match(/^\+metadata: { name: free, labels: { hello: "true", hello-added: OK } }$/m);
    expect(inject(['-f', 'free.yaml', '--diff', '-o', 'summary']).stdout).to.contain('Pod free   hello       injected');
  });

  it('shows of JSON in one line what would change in it, line by line', () => {
    const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', labels: { hello: 'true' } } };
    const json = JSON.stringify({ ...object, spec: { containers: [{ name: 'app', image: 'app:1' }] } });
    const { stdout } = inject(['-f', '-', '--diff'], json);
    expect(stdout.match(/^-(?!--).*/gm)).to.deep.equal(['-      "hello": "true"', '-        "image": "app:1"']);
    expect(stdout).to.contain('+      "hello-added": "OK"\n');
  });

  it('prints JSON: the one object, or a List of them; or a table alone', () => {
    const one = JSON.parse(inject(['-f', 'free.yaml', '-o', 'json']).stdout);
    expect([one.kind, one.metadata.labels]).to.deep.equal(['Pod', { hello: 'true', 'hello-added': 'OK' }]);
    const two = JSON.parse(inject(['-f', 'free.yaml', 'taken.yaml', '-o', 'json']).stdout);
    expect([two.kind, two.items.length]).to.deep.equal(['List', 2]);
    const { stdout, stderr } = inject(['-f', 'free.yaml', 'taken.yaml', '-o', 'summary']);
    expect(stderr).to.equal('');
    expect(stdout.split('\n').slice(0, 3)).to.deep.equal([
      'WORKLOAD    INJECTION   RESULT',
      'Pod free    hello       injected',
      'Pod taken   hello       skipped: container app: /etc/config is taken by volume own',
    ]);
  });

  it('takes the labels of namespaces that are in no manifest', () => {
    writeFileSync(join(directory, 'namespaces.yaml.txt'), byNamespace);
    const args = ['-f', 'free.yaml', '--injections', 'namespaces.yaml.txt'];
    expect(inject(args).stderr).to.equal(
      'Pod free: ca: not selected: namespace label company must be "enabled", and is not set\n',
    );
    expect(inject([...args, '--namespace-labels', 'a=b,company=enabled']).stderr).to.equal('Pod free: ca: injected\n');
    expect(inject([...args, '--namespace-labels', 'company']).status).to.equal(2);
  });

  it('says that there is no workload', () => {
    const service = 'apiVersion: v1\nkind: Service\nmetadata: {name: shop}\n';
    const { status, stdout, stderr } = inject(['-f', '-'], service);
    expect([status, stdout, stderr]).to.deep.equal([0, service, 'no workload in stdin\n']);
  });

  it('names the file that it cannot use, and ends with 1; a usage error ends with 2', () => {
    writeFileSync(join(directory, 'bad.txt'), 'a: [');
    mkdirSync(join(directory, 'empty'));
    for (const [args, message] of [
      [['-f', 'missing.yaml'], /^missing\.yaml not found\n$/],
      [['-f', 'free.yaml', '--injections', 'missing.yaml'], /^missing\.yaml not found\n$/],
      [['-f', 'empty'], /^empty: no manifest in it \(\.yaml, \.yml or \.json\)\n$/],
      [['-f', 'bad.txt'], /^bad\.txt: /],
      [['-f', 'free.yaml', '--injections', 'free.yaml'], /^free\.yaml:1:1: /],
    ] as const) {
      const { status, stdout, stderr } = inject([...args]);
      expect([status, stdout]).to.deep.equal([1, '']);
      expect(stderr).to.match(message);
    }
    for (const args of [[], ['-f'], ['-f', 'free.yaml', '-o', 'xml']]) expect(inject(args).status).to.equal(2);
  });
});

const denying = `injections:
  - name: ca
    selector: { matchLabels: { hello: "true" } }
    volume: { name: ca, configMap: { name: ca } }
    mount: { mountPath: /etc/config }
    onConflict: deny
`;

const byNamespace = `injections:
  - name: ca
    namespaceSelector: { matchLabels: { company: enabled } }
    env: [{ name: CA, value: "1" }]
`;
