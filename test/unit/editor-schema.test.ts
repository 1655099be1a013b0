import { globSync } from 'node:fs';
import { Ajv } from 'ajv';
import { expect } from 'chai';
import injectionsSchema from '../../function/injections/injections.schema.json' with { type: 'json' };
import volumeTypes from '../../function/injections/volume.schema.json' with { type: 'json' };
import { readYaml } from '../../scripts/workloads/yaml-file.ts';
import { configurationOf, goodVariables, goodVolumes, named } from '../support/volumes.ts';

/** As an editor reads it, with the file beside it that it refers to. */
const validate = new Ajv({ strict: false, validateFormats: false })
  .addSchema(volumeTypes, 'volume.schema.json')
  .compile(injectionsSchema);
const isValid = (injection: object) => validate(JSON.parse(configurationOf([injection])));

describe('the schema, as an editor reads it', () => {
  it('takes all examples, and each source of a volume or a variable', () => {
    for (const file of globSync('manifests/examples/*.yaml')) expect(validate(readYaml(file)), file).to.equal(true);
    // Null is what an unset field is, and a number that is missing is 0: Kubernetes' OpenAPI says neither.
    const asInOpenApi = goodVolumes.filter((one) => !JSON.stringify(one).includes('null') && !('iscsi' in one));
    for (const volume of asInOpenApi)
      expect(isValid({ volume: named(volume, 'v') }), JSON.stringify(volume)).to.equal(true);
    for (const valueFrom of goodVariables)
      expect(isValid({ volume: { name: 'v', emptyDir: {} }, env: [{ name: 'V', valueFrom }] })).to.equal(true);
  });

  it('knows the fields of each, so that it completes them and marks those that are none', () => {
    expect(isValid({ volume: { name: 'v', configMap: { nam: 'c' } } })).to.equal(false);
    expect(
      isValid({ volume: { name: 'v', projected: { sources: [{ serviceAccountToken: { pat: 'x' } }] } } }),
    ).to.equal(false);
    const valueFrom = { fieldRef: { fieldpath: 'metadata.name' } };
    expect(isValid({ volume: { name: 'v', emptyDir: {} }, env: [{ name: 'V', valueFrom }] })).to.equal(false);
  });
});
