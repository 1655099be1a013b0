import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';

describe('npm run sbom', () => {
  it('lists what is needed at run time, with what that needs, and nothing of development', () => {
    const { status, stderr } = spawnSync('npm', ['run', '--silent', 'sbom'], { encoding: 'utf8' });
    expect(status, stderr).to.equal(0);
    const { bomFormat, components } = readJson('dist/sbom.cdx.json') as {
      bomFormat: string;
      components: { name: string }[];
    };
    const names = components.map(({ name }) => name);
    expect(bomFormat).to.equal('CycloneDX');
    const { dependencies } = readJson('package.json') as { dependencies: object };
    expect(names).to.include.members([...Object.keys(dependencies), 'express']);
    for (const name of ['mocha', 'esbuild', 'typescript']) expect(names).not.to.include(name);
  });
});

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}
