import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { bundle } from '../../scripts/bundle.ts';
import { temporaryDirectory } from '../../scripts/local/temporary-directory.ts';

describe('function/Dockerfile', () => {
  it('runs what the build makes', async () => {
    await using cleanup = new AsyncDisposableStack();
    const directory = temporaryDirectory(join(tmpdir(), 'hello-webhook-test-'), cleanup);
    await bundle(directory);
    const dockerfile = readFileSync('function/Dockerfile', 'utf8');
    const programs = [...dockerfile.matchAll(/"dist\/(\w+\.cjs)"/g)].map(([, program]) => program);
    expect(programs).to.have.members(['warm.cjs', 'start.cjs']);
    expect(readdirSync(directory)).to.include.members(programs);
  });

  it('builds and runs with the Node that everything runs on', () => {
    const dockerfile = readFileSync('function/Dockerfile', 'utf8');
    const version = readFileSync('.nvmrc', 'utf8').trim();
    const bases = [...dockerfile.matchAll(/^ARG \w+=.*node(?:js)?:?(\d+)/gm)].map(([, major]) => major);
    expect(bases).to.deep.equal([version, version]);
  });
});
