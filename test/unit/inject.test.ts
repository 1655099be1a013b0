import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { parse } from 'yaml';
import { defaultInjections } from '../../function/injections/default-injections.ts';
import { kubernetesYaml } from '../../function/injections/kubernetes-yaml.ts';
import { readInjections } from '../../function/injections/load.ts';
import { parseManifest } from '../../scripts/kubernetes/manifest.ts';
import type { KubernetesObject } from '../../scripts/kubernetes/object.ts';
import { injectManifest } from '../../scripts/workloads/inject.ts';
import { formatLines } from '../../scripts/workloads/report.ts';
import { type Review, reviewBy } from '../../scripts/workloads/review.ts';
import { readYaml } from '../../scripts/workloads/yaml-file.ts';
import { fixtures } from '../support/fixtures.ts';

/**
 * Each directory of test/unit/inject is a case: `manifest.yaml` under `injections.yaml` (or the default ones) comes out as
 * `expected.yaml`, to the last space, with the lines of `lines.txt`. `UPDATE_FIXTURES=1 npm test` writes both.
 */
describe('inject', () => {
  for (const { title, file } of fixtures('unit/inject')) {
    it(title, () => {
      const manifest = readFileSync(file('manifest.yaml'), 'utf8');
      const by = reviewOf(file, parseManifest(manifest, 'manifest.yaml'));
      const { text, workloads } = injectManifest(manifest, 'manifest.yaml', by);
      expectText(file('expected.yaml'), text);
      expectText(
        file('lines.txt'),
        workloads
          .flatMap(formatLines)
          .map((line) => `${line}\n`)
          .join(''),
      );
    });
  }

  describe('comes to the very Pod that the function makes of', () => {
    // What else may happen, and what is no object of a manifest, does not come to `inject`.
    const pods = fixtures('unit/review').filter(
      ({ file }) =>
        !existsSync(file('request.yaml')) && !existsSync(file('call.yaml')) && isObject(readYaml(file('pod.yaml'))),
    );
    for (const { title, file } of pods) {
      it(title, () => {
        const { pod } = readYaml(file('expected.yaml')) as { pod?: unknown };
        const original = readFileSync(file('pod.yaml'), 'utf8');
        const { text, objects } = injectManifest(original, 'pod.yaml', reviewOf(file));
        if (pod === undefined) expect(text).to.equal(original);
        else expect([parse(text, kubernetesYaml), objects]).to.deep.equal([pod, [pod]]);
      });
    }
  });
});

/** By the injections of a case, or the default ones. */
function reviewOf(file: (name: string) => string, objects: KubernetesObject[] = []): Review {
  const configuration = file('injections.yaml');
  return reviewBy(existsSync(configuration) ? readInjections(configuration) : defaultInjections, 'default', {
    objects,
  });
}

function isObject(pod: unknown): boolean {
  return typeof pod === 'object' && pod !== null && 'kind' in pod && 'apiVersion' in pod;
}

function expectText(file: string, actual: string): void {
  if (process.env.UPDATE_FIXTURES && !process.env.CI) writeFileSync(file, actual);
  expect(actual).to.equal(readFileSync(file, 'utf8'));
}
