import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { callWebhook } from '../../scripts/local/admission-call.ts';
import { type Child, startChild } from '../../scripts/local/child.ts';
import { freePorts } from '../../scripts/local/free-ports.ts';
import { startFunction } from '../../scripts/local/function-server.ts';
import { temporaryDirectory } from '../../scripts/terminal/temporary-directory.ts';

describe('npm run demo where there is neither a control plane nor Go', () => {
  /** Without KUBEBUILDER_ASSETS, cache, archive and Go. */
  async function startDemo(cleanup: AsyncDisposableStack, ...args: string[]): Promise<Child> {
    const [closed] = await freePorts(1);
    const cache = temporaryDirectory(join(tmpdir(), 'hello-webhook-test-'), cleanup);
    const env = {
      PATH: dirname(process.execPath),
      XDG_CACHE_HOME: cache,
      ENVTEST_MIRROR: `http://127.0.0.1:${closed}`,
    };
    return startChild(process.execPath, ['scripts/hello-webhook.ts', 'demo', ...args], { cleanup, env });
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
    const child = await startDemo(cleanup, '--no-api-server');
    expect(await child.exit).to.equal(0);
    expectTable(child);
    expect(child.lines.join('\n')).not.to.contain('API server, which is downloaded');
  });

  it('says what is wrong with its options, and ends with 2', async () => {
    await using cleanup = new AsyncDisposableStack();
    const child = startChild(process.execPath, ['scripts/hello-webhook.ts', 'demo', '--kept'], { cleanup });
    expect(await child.exit).to.equal(2);
    expect(child.lines[0]).to.match(/--kept/);
    expect(child.lines.join('\n')).to.contain('npm run demo -- --help');
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
