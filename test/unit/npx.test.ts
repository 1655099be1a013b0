import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, symlinkSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { temporaryDirectory } from '../../scripts/terminal/temporary-directory.ts';

const fixture = 'test/unit/inject/comments, spaces and the order of keys stay';
const cases = 'test/unit/review/a labelled Pod gets the volume, the mount and the label';

describe('npx . in a fresh clone', function () {
  // npm takes a second of its own each time, and more on a machine that is busy.
  this.timeout(180_000);
  const cleanup = new AsyncDisposableStack();
  let clone: string;
  let cache: string;
  const npx = (...args: string[]) =>
    spawnSync('npx', ['.', ...args], {
      cwd: clone,
      env: {
        ...process.env,
        npm_config_cache: cache,
        npm_config_offline: 'true',
        npm_config_loglevel: 'error',
        npm_config_update_notifier: 'false',
      },
      encoding: 'utf8',
    });

  /** Without what a build makes; the dependencies are those of this tree, and count as installed since its lockfile is older. */
  before(() => {
    clone = temporaryDirectory(join(tmpdir(), 'hello-webhook-test-'), cleanup);
    cache = temporaryDirectory(join(tmpdir(), 'hello-webhook-test-'), cleanup);
    for (const tracked of ['package.json', 'package-lock.json', '.npmrc', 'function', 'scripts', 'manifests'])
      cpSync(tracked, join(clone, tracked), { recursive: true });
    utimesSync(join(clone, 'package-lock.json'), 0, 0);
    symlinkSync(resolve('node_modules'), join(clone, 'node_modules'));
  });
  after(() => cleanup.disposeAsync());

  it('is the program, which prints manifests as the webhook would make their Pods, and nothing else', () => {
    const { stdout, stderr } = npx('inject', '-f', resolve(fixture, 'manifest.yaml'));
    expect(stdout).to.equal(readFileSync(join(fixture, 'expected.yaml'), 'utf8'));
    expect(stderr).to.equal(readFileSync(join(fixture, 'lines.txt'), 'utf8'));
  });

  it("runs cases of one's own, and ends with their status", () => {
    const { status, stdout } = npx('test', resolve(cases));
    expect([status, stdout.split('\n').at(-2)]).to.deep.equal([0, '1 passed, 0 failed']);
    expect(npx('test', 'manifests/base').status).to.equal(2);
  });

  it('names its commands as they are typed there', () => {
    expect(npx('deploy', '--wrong').stderr).to.contain('(npx . deploy --help explains it)');
    expect(npx('deplyo').stderr).to.contain('(npx . --help explains it)');
  });
});
