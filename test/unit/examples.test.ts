import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect } from 'chai';
import { readInjections } from '../../function/injections/load.ts';
import { selectsLabels } from '../../function/review/selector.ts';
import { readManifest } from '../../scripts/kubernetes/manifest.ts';

const examples = globSync('manifests/examples/*.yaml').map((file) => basename(file, '.yaml'));

describe('an example', () => {
  for (const example of examples) {
    it(`has a Pod for each of its injections, and says, as the README does, what its user labels: ${example}`, () => {
      const file = `manifests/examples/${example}.yaml`;
      const pods = readManifest(`manifests/examples/pods/${example}.yaml`).filter(({ kind }) => kind === 'Pod');
      const readme = readFileSync('README.md', 'utf8');
      expect(readme).to.contain(`(${file})`);
      for (const { name, selector } of readInjections(file)) {
        const selected = pods.filter(({ metadata }) => selectsLabels(selector, metadata.labels ?? {}));
        expect(selected, name).not.to.have.length(0);
        for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
          expect(readme).to.contain(`\`${key}: "${value}"\``);
          expect(commentOf(file)).to.contain(`${key}: "${value}"`);
        }
      }
    });
  }
});

function commentOf(file: string): string {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line.startsWith('#')).join('\n');
}
