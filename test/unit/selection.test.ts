import { expect } from 'chai';
import { unmetBy, unmetRequirements } from '../../function/review/selection.ts';

describe('what an injection selects by', () => {
  const labels = { app: 'shop', tier: 'web' };

  it('names each requirement that labels do not meet, with what they have', () => {
    const selector = {
      matchLabels: { app: 'shop', hello: 'true', tier: 'db' },
      matchExpressions: [
        { key: 'app', operator: 'In', values: ['shop', 'cart'] },
        { key: 'zone', operator: 'In', values: ['a', 'b'] },
        { key: 'tier', operator: 'NotIn', values: ['web'] },
        { key: 'zone', operator: 'NotIn', values: ['a'] },
        { key: 'zone', operator: 'Exists' },
        { key: 'tier', operator: 'DoesNotExist' },
        { key: 'constructor', operator: 'Exists' },
      ],
    };
    expect(unmetRequirements(selector, labels)).to.deep.equal([
      'label hello must be "true", and is not set',
      'label tier must be "db", and is "web"',
      'label zone must be one of "a", "b", and is not set',
      'label tier must not be "web", and is "web"',
      'label zone must be set, and is not set',
      'label tier must not be set, and is "web"',
      'label constructor must be set, and is not set',
    ]);
  });

  it('names the namespace where it is left out', () => {
    const namesOf = (namespaces: { include?: string[]; exclude?: string[] }) =>
      unmetBy({ selector: { matchLabels: { app: 'shop' } }, namespaces }, { namespace: 'prod', labels });
    expect(namesOf({ include: ['dev-*'] })).to.deep.equal(['namespace prod is none of namespaces.include']);
    expect(namesOf({ exclude: ['p*'] })).to.deep.equal(['namespace prod is one of namespaces.exclude']);
    expect(namesOf({ include: ['prod'], exclude: ['dev'] })).to.deep.equal([]);
  });
});
