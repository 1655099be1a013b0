import { expect } from 'chai';
import { parseInjections } from '../../function/injections/load.ts';
import { selfChecks } from '../../function/injections/self-check.ts';
import { type DeclaredInjection, withDefaults } from '../../function/review/injection.ts';
import { configurationOf, goodVolumes, named } from '../support/volumes.ts';

const injectionOf = (injection: Partial<DeclaredInjection>) =>
  withDefaults({ name: 'x', selector: { matchLabels: { a: 'b' } }, mount: { mountPath: '/x' }, ...injection });
const check = (injection: Partial<DeclaredInjection>) => selfChecks([injectionOf(injection)])[0];

describe('an injection, injected into a sample before any review', () => {
  for (const volume of goodVolumes) {
    it(`is found again: ${JSON.stringify(volume)}`, () => {
      expect(check({ volume: named(volume, 'v') })).to.equal(undefined);
    });
  }

  it('is found again, whichever of its parts depend on the Pod', () => {
    const volume = { name: 'v', emptyDir: {} };
    expect(check({ volume, mount: { mountPath: '/x', subPathExpr: '$(POD_NAME)' } })).to.equal(undefined);
    expect(check({ volume, containers: { include: ['a-?', 'b*'], exclude: ['a-x'] } })).to.equal(undefined);
    expect(check({ files: { f: 'text' }, labels: { l: 'v' }, annotations: { a: 'v' } })).to.equal(undefined);
    expect(
      check({
        volume,
        env: [
          { name: 'A', value: '$(B)' },
          { name: 'C', value: '$(A)' },
        ],
      }),
    ).to.equal(undefined);
  });

  it('is refused where it differs from itself', () => {
    const differs = /^is not found again|^would be refused in every review/;
    expect(check({ volume: { name: 'v', emptyDir: { sizeLimit: '10MB' } } })).to.match(differs);
    expect(check({ volume: { name: 'v', configMap: { name: 'c', defaultMode: Number.POSITIVE_INFINITY } } })).to.match(
      differs,
    );
  });

  it('is judged by itself where it cannot be beside others', () => {
    const of = (name: string, source: object, more: Partial<DeclaredInjection> = {}) =>
      injectionOf({ name, volume: { name, ...source }, ...more });
    // Two at one path, as selectors that contradict one another allow.
    const [one, other] = [of('one', { emptyDir: {} }), of('other', { secret: { secretName: 's' } })];
    const elsewhere = of('elsewhere', { emptyDir: {} }, { mount: { mountPath: '/y' }, containers: { include: ['y'] } });
    const differs = of('differs', { emptyDir: { sizeLimit: '10MB' } }, { mount: { mountPath: '/z' } });
    expect(selfChecks([one, other, elsewhere])).to.deep.equal([undefined, undefined, undefined]);
    const [none, problem, alsoNone] = selfChecks([one, differs, elsewhere]);
    expect([none, alsoNone]).to.deep.equal([undefined, undefined]);
    expect(problem).to.match(/^is not found again|^would be refused in every review/);
  });

  it('is judged without the variables that others set', () => {
    const env = [{ name: 'TEAM', value: 'a' }];
    const one = injectionOf({ name: 'one', env });
    const mount = { mountPath: '/x', subPathExpr: '$(TEAM)' };
    const other = injectionOf({ name: 'other', volume: { name: 'other', emptyDir: {} }, mount, env });
    for (const [own] of [selfChecks([other]), selfChecks([other, one]), selfChecks([one, other]).reverse()]) {
      expect(own).to.match(/^cannot be injected even into an empty Pod: .*TEAM/);
    }
  });

  it('is refused by its name where the file is read', () => {
    const volume = { name: 'v', futureSource: { emptyDir: { sizeLimit: '10MB' } } };
    expect(() => parseInjections(configurationOf([{ volume }]), 'f')).to.throw(/^f:1:\d+: injections\[0\]: i0 /);
  });
});
