import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import injectionsSchema from '../../function/injections/injections.schema.json' with { type: 'json' };
import { fieldsOf } from '../../function/injections/kubernetes-type.ts';
import { parseInjections } from '../../function/injections/load.ts';
import volumeTypes from '../../function/injections/volume.schema.json' with { type: 'json' };
import { uncheckedSources } from '../../function/injections/volume.ts';
import { ruledFields } from '../../function/injections/volume-field-rules.ts';
import { openApiFile, volumeSchema } from '../../scripts/build/volume-schema.ts';
import { temporaryDirectory } from '../../scripts/terminal/temporary-directory.ts';
import { goModule } from '../support/go-module.ts';
import { badVolumes, configurationOf, goodVolumes, named } from '../support/volumes.ts';

/** What is said of a configuration; empty where nothing is. */
function problemsOf(text: string): string {
  try {
    parseInjections(text, 'f');
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('volumes', () => {
  for (const { volume, says } of badVolumes) {
    it(`refuses ${JSON.stringify(volume)}`, () => {
      const problems = problemsOf(configurationOf([{ volume: named(volume, 'v') }]));
      expect(problems).to.match(/^f:\d+:\d+: injections\[0\]\.volume/);
      expect(problems).to.contain(says);
    });
  }

  for (const volume of goodVolumes) {
    it(`takes ${JSON.stringify(volume)}`, () => {
      expect(problemsOf(configurationOf([{ volume: named(volume, 'v') }]))).to.equal('');
    });
  }

  it('has one or more of each source among both', () => {
    for (const volumes of [badVolumes.map(({ volume }) => volume), goodVolumes]) {
      const sources = new Set(volumes.flatMap((volume) => Object.keys(volume)));
      const rest = fieldsOf('Volume').filter((field) => field !== 'name' && !sources.has(field));
      // These have nothing but strings, one of which is required, as those of others.
      expect(rest.filter((source) => volumes === goodVolumes || !/^(photon|portworx)/.test(source))).to.deep.equal([]);
    }
  });

  it('says the same of them all at once, at the start of the function and by check', async function () {
    this.timeout(60_000);
    await using cleanup = new AsyncDisposableStack();
    const file = join(temporaryDirectory(join(tmpdir(), 'hello-webhook-test-'), cleanup), 'injections.yaml');
    const text = configurationOf(badVolumes.map(({ volume }, index) => ({ volume: named(volume, `v${index}`) })));
    writeFileSync(file, text);
    const expected = problemsOf(text).replaceAll(/^f:/gm, `${file}:`);
    for (const [index] of badVolumes.entries()) expect(expected).to.contain(`injections[${index}].volume`);
    const options = { encoding: 'utf8', env: { ...process.env, INJECTIONS: file, PORT: '1' } } as const;
    const started = spawnSync(process.execPath, ['function/start.ts'], options);
    expect([started.status, started.stderr.trimEnd()]).to.deep.equal([1, expected]);
    const checked = spawnSync(process.execPath, ['scripts/hello-webhook.ts', 'check', file], options);
    expect([checked.status, checked.stderr.trimEnd()]).to.deep.equal([1, expected]);
  });

  it('passes a source that is newer than its types, and says that it is unchecked', () => {
    const injections = parseInjections(configurationOf([{ volume: { name: 'v', futureSource: { a: 1 } } }]), 'f');
    expect(uncheckedSources(injections)).to.deep.equal([
      'injection i0: volume.futureSource is not checked: Kubernetes 1.37.2 has no such source',
    ]);
  });

  it('has rules for fields that there are', () => {
    for (const [type, fields] of ruledFields()) expect(fieldsOf(type), type).to.include.members(fields);
  });

  it('has the fields of volumeMounts in its own schema', () => {
    const { properties } = injectionsSchema.definitions.volumeMount;
    expect(Object.keys(properties)).to.have.members(fieldsOf('VolumeMount'));
  });

  it("has the types of Kubernetes' own OpenAPI: npm run volume-schema", function () {
    const directory = goModule(this, `k8s.io/kubernetes@v${volumeTypes.version}`);
    const openApi = readFileSync(join(directory, openApiFile), 'utf8');
    expect(volumeTypes).to.deep.equal(volumeSchema(openApi, volumeTypes.version));
  });
});
