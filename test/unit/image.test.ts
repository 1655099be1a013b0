import { readFileSync } from 'node:fs';
import { expect } from 'chai';

describe('function/Dockerfile', () => {
  it('builds and runs with the Node that everything runs on', () => {
    const dockerfile = readFileSync('function/Dockerfile', 'utf8');
    const version = readFileSync('.nvmrc', 'utf8').trim();
    const bases = [...dockerfile.matchAll(/^ARG \w+=.*node(?:js)?:?(\d+)/gm)].map(([, major]) => major);
    expect(bases).to.deep.equal([version, version]);
  });
});
