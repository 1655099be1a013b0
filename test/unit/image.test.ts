import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { expect } from 'chai';
import { bundleFunction } from '../../scripts/build/bundle-function.ts';
import { noticesOf } from '../../scripts/build/notices.ts';
import { temporaryDirectory } from '../../scripts/terminal/temporary-directory.ts';

describe('function/Dockerfile', () => {
  it('takes and runs what the build makes, the code cache too', async () => {
    await using cleanup = new AsyncDisposableStack();
    const directory = temporaryDirectory(join(tmpdir(), 'hello-webhook-test-'), cleanup);
    await bundleFunction(directory);
    const dockerfile = readFileSync('function/Dockerfile', 'utf8');
    const { status, output } = spawnSync(process.execPath, [join(directory, 'make-code-cache.cjs')], {
      encoding: 'utf8',
    });
    expect({ status, output }).to.deep.equal({ status: 0, output: [null, '', ''] });
    const named = [...dockerfile.matchAll(/\bdist\/([\w*-]+\.\w+)/g)].map(([, file = '']) => file);
    expect(named).to.have.members(['*.cjs', 'make-code-cache.cjs', '*.cjs', 'NOTICES.txt', '*.cache', 'start.cjs']);
    expect(named.filter((file) => globSync(file, { cwd: directory }).length === 0)).to.deep.equal([]);
  });

  it('builds and runs with the Node that everything runs on', () => {
    const dockerfile = readFileSync('function/Dockerfile', 'utf8');
    const version = readFileSync('.nvmrc', 'utf8').trim();
    const bases = [...dockerfile.matchAll(/^ARG \w+=.*node(?:js)?:?(\d+)/gm)].map(([, major]) => major);
    expect(bases).to.deep.equal([version, version]);
  });

  it('takes its base images by digest', () => {
    const dockerfile = readFileSync('function/Dockerfile', 'utf8');
    const pinned = [...dockerfile.matchAll(/^ARG (\w+)=\S+@sha256:[\da-f]{64}$/gm)].map(([, name]) => name);
    const from = [...dockerfile.matchAll(/^FROM (.*)$/gm)].map(([, image]) => /\{(\w+)\}/.exec(image ?? '')?.[1]);
    expect(from).to.have.length(3);
    expect(new Set(from)).to.deep.equal(new Set(pinned));
  });
});

describe('the notices of a bundle', () => {
  it('are in it, those of every package, and of none that only builds it', async () => {
    await using cleanup = new AsyncDisposableStack();
    const directory = temporaryDirectory(join(tmpdir(), 'hello-webhook-test-'), cleanup);
    await bundleFunction(directory);
    const notices = readFileSync(join(directory, 'NOTICES.txt'), 'utf8');
    for (const name of ['@kubernetes/client-node', 'ajv', 'fast-json-patch', 'undici', 'yaml', '@opentelemetry/api']) {
      const path = `node_modules/${name}`;
      const { version, license } = JSON.parse(readFileSync(`${path}/package.json`, 'utf8'));
      expect(notices).to.contain(`${name} ${version}, ${license}\n`);
      const [text = ''] = globSync(`${path}/LICENSE*`);
      expect(notices).to.contain(readFileSync(text, 'utf8').trim());
    }
    expect(notices).not.to.match(/^(esbuild|mocha|typescript|commander) \d/m);
  });

  it('are each there once, and cannot be made where a package has none', () => {
    const files = ['function/start.ts', 'node_modules/yaml/dist/index.js', 'node_modules/yaml/dist/doc/Document.js'];
    expect(noticesOf(files).match(/^yaml /gm)).to.have.length(1);
    using cleanup = new DisposableStack();
    const directory = mkdtempSync(join(tmpdir(), 'hello-webhook-test-'));
    cleanup.defer(() => rmSync(directory, { recursive: true }));
    const path = join(directory, 'node_modules', '@a', 'b');
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'package.json'), '{"name": "@a/b", "version": "1.0.0"}');
    const file = join(relative('.', path), 'index.js');
    expect(() => noticesOf([file])).to.throw(/@a\/b has no licence: it cannot be bundled$/);
    writeFileSync(join(path, 'LICENCE.md'), 'As you like.\n');
    expect(noticesOf([file])).to.equal('@a/b 1.0.0\n\nAs you like.\n');
  });
});
