import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { expect } from 'chai';
import { type Child, startChild } from '../../scripts/local/child.ts';
import { freePorts } from '../../scripts/local/free-ports.ts';
import { temporaryDirectory } from '../../scripts/terminal/temporary-directory.ts';

describe('npm test where no API server is at hand', () => {
  /** Two files of tests, one of which needs an API server; `go` is a shell script, or not to be had. */
  async function start(cleanup: AsyncDisposableStack, directory: string, go?: string): Promise<Child> {
    const [closed] = await freePorts(1);
    if (go !== undefined) {
      writeFileSync(join(directory, 'go'), go);
      chmodSync(join(directory, 'go'), 0o755);
    }
    const env = {
      PATH: [directory, dirname(process.execPath), resolve('node_modules/.bin'), '/bin'].join(':'),
      XDG_CACHE_HOME: directory,
      ENVTEST_MIRROR: `http://127.0.0.1:${closed}`,
    };
    const files = ['test/api-server/failure.test.ts', 'test/unit/duration.test.ts'];
    return startChild(process.execPath, ['test/run.ts', ...files], { cleanup, env });
  }

  it('runs the tests that need none, says why it skips the others, and counts them', async () => {
    await using cleanup = new AsyncDisposableStack();
    const directory = temporaryDirectory(join(tmpdir(), 'hello-webhook-test-'), cleanup);
    const child = await start(cleanup, directory);
    expect(await child.exit).to.equal(0);
    const output = child.lines.join('\n');
    expect(output).to.match(/^Getting an API server; the tests that need none run meanwhile\.$.*^ +✔/ms);
    expect(output).to.match(/^ +✔.*skipped, there is no API server to test against: set KUBEBUILDER_ASSETS/ms);
    expect(child.lines.at(-1)).to.match(/^[1-9]\d* passed, 0 failed, [1-9]\d* skipped$/);
  });

  it('runs them while one is built, and stops that on Ctrl-C', async () => {
    await using cleanup = new AsyncDisposableStack();
    const directory = temporaryDirectory(join(tmpdir(), 'hello-webhook-test-'), cleanup);
    const stopped = join(directory, 'stopped');
    const go = `#!/bin/sh
[ "$1" = version ] && exit
trap 'echo >${stopped}; exit 1' INT
while :; do sleep 0.1; done
`;
    const child = await start(cleanup, directory, go);
    await child.waitFor((line) => (/^ +✔/.test(line) ? line : undefined));
    child.signal('SIGINT');
    expect(await child.exit).to.equal(130);
    expect(existsSync(stopped)).to.equal(true);
  });
});
