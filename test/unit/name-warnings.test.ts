import { expect } from 'chai';
import { swallowedNames } from '../../function/injections/name-warnings.ts';
import { missingNamespaces, platformNames } from '../../scripts/install/unmatched-namespaces.ts';

const nameLabel = 'kubernetes.io/metadata.name';

describe('warnings of names', () => {
  for (const [include, exclude, text] of [
    [undefined, undefined, undefined],
    [['a'], ['b'], undefined],
    [['a', 'b'], ['a'], 'namespaces.include has a in vain, since namespaces.exclude leaves that out'],
    [['a'], ['a'], 'nothing is injected anywhere: namespaces.exclude leaves out all of namespaces.include'],
    [undefined, ['*'], 'nothing is injected anywhere: namespaces.exclude leaves out all of namespaces.include'],
    [['a-*', 'ab'], ['a*'], 'nothing is injected anywhere: namespaces.exclude leaves out all of namespaces.include'],
    [['a?c'], ['a*'], 'nothing is injected anywhere: namespaces.exclude leaves out all of namespaces.include'],
    // Some names are left each time: ac, a longer one, one that ends otherwise.
    [['a*c'], ['a?*c'], undefined],
    [['a*'], ['a', 'a?', 'a??'], undefined],
    [['a*'], ['a*z'], undefined],
    [['z*'], ['*z'], undefined],
    [undefined, ['?*'], undefined],
  ] as const) {
    it(`${text ? 'are given' : 'are not given'} for include ${include ?? 'all'} without ${exclude ?? 'none'}`, () => {
      const names = { ...(include && { include: [...include] }), ...(exclude && { exclude: [...exclude] }) };
      expect(swallowedNames({ namespaces: names })).to.deep.equal(text ? [text] : []);
      const ofContainers = text?.replaceAll('namespaces', 'containers');
      expect(swallowedNames({ containers: names })).to.deep.equal(ofContainers ? [ofContainers] : []);
    });
  }

  const text = (where: string, names: string) =>
    `nothing is injected ${where}: the platform's namespaces (${names}) are always left out`;
  for (const [title, choosing, expected] of [
    ['all namespaces', {}, []],
    ["a team's", { namespaces: { include: ['team-a'] } }, []],
    [
      "the platform's alone",
      { namespaces: { include: ['kube-system', 'istio-system'] } },
      [text('anywhere', 'kube-system, istio-system')],
    ],
    [
      "the platform's beside others",
      { namespaces: { include: ['team-a', 'kube-system'] } },
      [text('in kube-system', 'kube-system')],
    ],
    ["the platform's, left out again", { namespaces: { include: ['team-*', 'kube-system'], exclude: ['kube-*'] } }, []],
    [
      "the platform's by its label",
      { namespaceSelector: { matchLabels: { [nameLabel]: 'cert-manager' } } },
      [text('anywhere', 'cert-manager')],
    ],
    [
      "the platform's by an expression",
      { namespaceSelector: { matchExpressions: [{ key: nameLabel, operator: 'In', values: ['kube-system', 'a'] }] } },
      [text('in kube-system', 'kube-system')],
    ],
    [
      "all but the platform's by an expression",
      { namespaceSelector: { matchExpressions: [{ key: nameLabel, operator: 'NotIn', values: ['kube-system'] }] } },
      [],
    ],
  ] as const) {
    it(`${expected.length > 0 ? 'are given' : 'are not given'} for ${title}`, () => {
      expect(platformNames(structuredClone(choosing) as Parameters<typeof platformNames>[0])).to.deep.equal(expected);
    });
  }

  it('are given for namespaces that a cluster has not', () => {
    const missing = (...include: string[]) => missingNamespaces({ namespaces: { include } }, ['team-a', 'team-b']);
    expect(missing('team-a', 'team-*')).to.deep.equal([]);
    expect(missing('team-a', 'team-c', 'x')).to.deep.equal(['namespace team-c, x of namespaces.include not found']);
    expect(missing('x-*', 'y')).to.deep.equal(['no namespace matches x-*, y of namespaces.include']);
    expect(missingNamespaces({}, [])).to.deep.equal([]);
  });
});
