import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { callWebhook } from '../../scripts/local/admission-call.ts';
import { type Child, startChild } from '../../scripts/local/child.ts';
import { freePorts } from '../../scripts/local/free-ports.ts';
import { startFunction } from '../../scripts/local/function-server.ts';
import { temporaryDirectory } from '../../scripts/terminal/temporary-directory.ts';

const demo = ['scripts/hello-webhook.ts', 'demo'];

const withVariables = `
injections:
  - name: locale
    selector: {matchLabels: {locale: "true"}}
    env: [{name: TZ, value: Europe/Berlin}]
`;

const pods = `
apiVersion: v1
kind: Pod
metadata: {name: free, labels: {locale: "true"}}
spec: {containers: [{name: app, image: app}]}
---
apiVersion: v1
kind: Pod
metadata: {name: taken, labels: {locale: "true"}}
spec: {containers: [{name: app, image: app, env: [{name: TZ, value: UTC}]}]}
`;

describe('npm run demo where there is neither a control plane nor Go', () => {
  /** Without KUBEBUILDER_ASSETS, cache, archive and Go. */
  async function startDemo(cleanup: AsyncDisposableStack, args: string[] = [], more = {}): Promise<Child> {
    const [closed] = await freePorts(1);
    const cache = temporaryDirectory(join(tmpdir(), 'hello-webhook-test-'), cleanup);
    const env = {
      PATH: dirname(process.execPath),
      XDG_CACHE_HOME: cache,
      ENVTEST_MIRROR: `http://127.0.0.1:${closed}`,
      ...more,
    };
    return startChild(process.execPath, [...demo, ...args], { cleanup, env });
  }

  function expectTable({ lines }: Child): void {
    expect(
      lines.filter((line) => line.startsWith('busybox-')).map((line) => line.trim().split(/\s{2,}/)),
    ).to.deep.equal([
      ['busybox-1', '0/1', 'Pending', '0', '0s', 'OK'],
      ['busybox-2', '0/1', 'Pending', '0', '0s'],
    ]);
    expect(lines.join('\n')).to.contain('mountPath: /etc/config');
  }

  it('shows the main job with the function alone, says that it was, how to get an API server, and ends with 3', async () => {
    await using cleanup = new AsyncDisposableStack();
    const child = await startDemo(cleanup);
    expect(await child.exit).to.equal(3);
    expectTable(child);
    const output = child.lines.join('\n');
    expect(output).to.contain('This was the function alone');
    expect(output).to.match(/envtest-v\S+ cannot be downloaded: ECONNREFUSED/);
    expect(output).to.match(/none to be had: set KUBEBUILDER_ASSETS .*, or ENVTEST_MIRROR .*, or install Go/);
  });

  it('stops after that with --no-api-server, and ends with 0', async () => {
    await using cleanup = new AsyncDisposableStack();
    const child = await startDemo(cleanup, ['--no-api-server']);
    expect(await child.exit).to.equal(0);
    expectTable(child);
    expect(child.lines.join('\n')).not.to.contain('API server, which is downloaded');
  });

  it('shows the variables that the injections of INJECTIONS set, and names the Pod that it warns of', async () => {
    await using cleanup = new AsyncDisposableStack();
    const directory = temporaryDirectory(join(tmpdir(), 'hello-webhook-test-'), cleanup);
    const files = { 'injections.yaml': withVariables, 'pods.yaml': pods };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
    const args = ['--no-api-server', '-f', join(directory, 'pods.yaml')];
    const child = await startDemo(cleanup, args, { INJECTIONS: join(directory, 'injections.yaml') });
    expect(await child.exit).to.equal(0);
    const output = child.lines.join('\n');
    expect(output).to.contain(`
Pod free, its volumes, mounts and variables:

containers:
  - name: app
    env:
      - name: TZ
        value: Europe/Berlin
`);
    expect(output).to.contain('Warning: Pod taken: locale: container app: variable TZ');
    expect(output).not.to.contain('UTC').and.not.to.contain('Pod taken, its');
  });

  it('says what is wrong with its options, and ends with 2', async () => {
    await using cleanup = new AsyncDisposableStack();
    const child = startChild(process.execPath, [...demo, '--kept'], { cleanup });
    expect(await child.exit).to.equal(2);
    expect(child.lines[0]).to.match(/--kept/);
    expect(child.lines.join('\n')).to.contain('npm run demo -- --help');
    const both = startChild(process.execPath, [...demo, '--context', 'a', '-f', 'b'], { cleanup });
    expect(await both.exit).to.equal(2);
    expect(both.lines).to.deep.equal(['error: --file is for the demo without --context: leave one of them out']);
    const help = startChild(process.execPath, [...demo, '--help'], { cleanup });
    expect(await help.exit).to.equal(0);
    expect(help.lines.join(' ')).to.match(/--file <file> +without --context: another manifest/);
  });
});

describe('a Pod that is sent to the function as an API server does', () => {
  it('fails with the message of the Status where the function refuses the review', async () => {
    await using cleanup = new AsyncDisposableStack();
    const { url, caCert } = await startFunction(cleanup);
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'app' } };
    const refused = await callWebhook({ url: new URL('/other', url).href, caCert }, pod).catch((error) => error);
    expect(refused)
      .to.be.an('error')
      .with.property('message')
      .that.matches(/^not found: AdmissionReviews go to/);
  });
});
