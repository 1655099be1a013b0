import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { startChild } from '../../scripts/local/child.ts';
import { temporaryDirectory } from '../../scripts/terminal/temporary-directory.ts';

describe('npm run demo where there is neither a control plane nor Go', () => {
  it('shows the main job with the function alone, says so first and last, and ends with 3', async () => {
    await using cleanup = new AsyncDisposableStack();
    const cache = temporaryDirectory(join(tmpdir(), 'hello-webhook-test-'), cleanup);
    const env = { PATH: dirname(process.execPath), XDG_CACHE_HOME: cache };
    const child = startChild(process.execPath, ['scripts/hello-webhook.ts', 'demo'], { cleanup, env });
    expect(await child.exit).to.equal(3);
    const lines = child.lines.filter(Boolean);
    for (const line of [lines.at(0), lines.at(-1)]) {
      expect(line).to.match(/no real API server.* set KUBEBUILDER_ASSETS .*, or install Go/);
    }
    expect(
      lines.filter((line) => line.startsWith('busybox-')).map((line) => line.trim().split(/\s{2,}/)),
    ).to.deep.equal([
      ['busybox-1', '0/1', 'Pending', '0', '0s', 'OK'],
      ['busybox-2', '0/1', 'Pending', '0', '0s'],
    ]);
    expect(child.lines.join('\n')).to.contain('mountPath: /etc/config');
  });

  it('says what is wrong with its options, and ends with 2', async () => {
    await using cleanup = new AsyncDisposableStack();
    const child = startChild(process.execPath, ['scripts/hello-webhook.ts', 'demo', '--kept'], { cleanup });
    expect(await child.exit).to.equal(2);
    expect(child.lines[0]).to.match(/--kept/);
    expect(child.lines.join('\n')).to.contain('hello-webhook demo --help');
  });
});
