import { expect } from 'chai';
import injectionsSchema from '../../function/injections/injections.schema.json' with { type: 'json' };
import { fieldsOf } from '../../function/injections/kubernetes-type.ts';
import { parseInjections } from '../../function/injections/load.ts';
import { badVariables, configurationOf, goodVariables } from '../support/volumes.ts';

/** What is said of a variable with this source, beside an empty folder `v`. */
function problemsOf(valueFrom: object, volume: object = { name: 'v', emptyDir: {} }): string {
  try {
    parseInjections(configurationOf([{ volume, env: [{ name: 'V', valueFrom }] }]), 'f');
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('the source of a variable', () => {
  for (const { valueFrom, says } of badVariables) {
    it(`is refused: ${JSON.stringify(valueFrom)}`, () => {
      const problems = problemsOf(valueFrom);
      expect(problems).to.match(/^f:\d+:\d+: injections\[0\]\.env\[0\]\.valueFrom/);
      expect(problems).to.contain(says);
    });
  }

  for (const valueFrom of goodVariables) {
    it(`is taken, and found again: ${JSON.stringify(valueFrom)}`, () => {
      expect(problemsOf(valueFrom)).to.equal('');
    });
  }

  it('is of each kind among both', () => {
    for (const sources of [badVariables.map(({ valueFrom }) => valueFrom), goodVariables]) {
      expect(sources.flatMap((source) => Object.keys(source))).to.include.members(fieldsOf('EnvVarSource'));
    }
  });

  it("is no file but of the injection's own empty folder: the API server refuses a Pod without that", () => {
    const valueFrom = { fileKeyRef: { volumeName: 'v', path: 'x', key: 'K' } };
    const says = /env\[0\]\.valueFrom: must take a file of the injection's own volume, an emptyDir$/;
    expect(problemsOf(valueFrom, { name: 'w', emptyDir: {} })).to.match(says);
    expect(problemsOf(valueFrom, { name: 'v', configMap: { name: 'c' } })).to.match(says);
  });

  it('stands in the schema beside the fields of variables that Kubernetes has', () => {
    const { properties } = injectionsSchema.definitions.envVar;
    expect(Object.keys(properties)).to.have.members(fieldsOf('EnvVar'));
  });
});
