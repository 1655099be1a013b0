import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { bundleFunction } from '../../scripts/build/bundle-function.ts';
import { temporaryDirectory } from '../../scripts/terminal/temporary-directory.ts';

describe('function/Dockerfile', () => {
  it('takes and runs what the build makes, the code cache too', async () => {
    await using cleanup = new AsyncDisposableStack();
    const directory = temporaryDirectory(join(tmpdir(), 'hello-webhook-test-'), cleanup);
    await bundleFunction(directory);
    const dockerfile = readFileSync('function/Dockerfile', 'utf8');
    const { status, output } = spawnSync(process.execPath, [join(directory, 'warm.cjs')], { encoding: 'utf8' });
    expect({ status, output }).to.deep.equal({ status: 0, output: [null, '', ''] });
    const named = [...dockerfile.matchAll(/\bdist\/([\w*]+\.\w+)/g)].map(([, file = '']) => file);
    expect(named).to.have.members(['*.cjs', 'warm.cjs', '*.cjs', '*.cache', 'start.cjs']);
    expect(named.filter((file) => globSync(file, { cwd: directory }).length === 0)).to.deep.equal([]);
  });

  it('builds and runs with the Node that everything runs on', () => {
    const dockerfile = readFileSync('function/Dockerfile', 'utf8');
    const version = readFileSync('.nvmrc', 'utf8').trim();
    const bases = [...dockerfile.matchAll(/^ARG \w+=.*node(?:js)?:?(\d+)/gm)].map(([, major]) => major);
    expect(bases).to.deep.equal([version, version]);
  });
});
