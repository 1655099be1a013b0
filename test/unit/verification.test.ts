import type { V1Pod } from '@kubernetes/client-node';
import { expect } from 'chai';
import type { Operation } from 'fast-json-patch';
import { VerificationError, verifyPatch } from '../../function/review/verification.ts';

const mount = { name: 'v', mountPath: '/v' };
const spec = { containers: [{ name: 'secret-app' }] };
const pod: V1Pod = { metadata: { labels: { a: '1' } }, spec };
const intended: V1Pod = {
  metadata: { labels: { a: '1' } },
  spec: { containers: [{ name: 'secret-app', volumeMounts: [mount] }], volumes: [{ name: 'v', emptyDir: {} }] },
};
const patch: Operation[] = [
  { op: 'add', path: '/spec/containers/0/volumeMounts', value: [mount] },
  { op: 'add', path: '/spec/volumes', value: [{ name: 'v', emptyDir: {} }] },
];
const stable = { again: (same: V1Pod) => same, isReplaceable: (path: string) => path === '/metadata/labels/b' };

/** What could be wrong with a patch; each must be found, since it would be our own bug. */
const wrong: [title: string, verify: () => void, message: RegExp][] = [
  ['removes', () => verifyPatch(pod, { spec }, [{ op: 'remove', path: '/metadata' }], stable), /other than add/],
  [
    'replaces a label that no injection sets',
    () =>
      verifyPatch(
        pod,
        { ...pod, metadata: { labels: { a: '2' } } },
        [{ op: 'replace', path: '/metadata/labels/a', value: '2' }],
        stable,
      ),
    /other than add/,
  ],
  ['gives another Pod than intended', () => verifyPatch(pod, intended, patch.slice(1), stable), /intended Pod/],
  [
    'does not apply',
    () => verifyPatch(pod, intended, [{ op: 'add', path: '/spec/volumes/0', value: {} }, ...patch], stable),
    /does not apply/,
  ],
  [
    'would be followed by another',
    () => verifyPatch(pod, intended, patch, { ...stable, again: (again) => ({ ...again, kind: 'Pod' }) }),
    /again/,
  ],
  [
    'adds a volume name twice',
    () => {
      const volumes = [{ name: 'v' }, { name: 'v' }];
      verifyPatch(
        pod,
        { ...pod, spec: { ...spec, volumes } },
        [{ op: 'add', path: '/spec/volumes', value: volumes }],
        stable,
      );
    },
    /volume name/,
  ],
  [
    'adds a mount path twice, in other slashes',
    () => {
      const before: V1Pod = {
        spec: { containers: [{ name: 'app', volumeMounts: [{ name: 'w', mountPath: '/v/' }] }] },
      };
      const after: V1Pod = {
        spec: { containers: [{ name: 'app', volumeMounts: [{ name: 'w', mountPath: '/v/' }, mount] }] },
      };
      verifyPatch(before, after, [{ op: 'add', path: '/spec/containers/0/volumeMounts/1', value: mount }], stable);
    },
    /mount path/,
  ],
];

describe('the proof of a patch', () => {
  for (const [title, attempt, message] of wrong) {
    it(`fails for one that ${title}, and says nothing of the Pod`, () => {
      expect(attempt).to.throw(VerificationError, message);
      expect(attempt).not.to.throw(/secret-app/);
    });
  }

  it('holds for what was intended', () => {
    expect(() => verifyPatch(pod, intended, patch, stable)).not.to.throw();
  });

  it('leaves to the API server what the Pod itself has twice', () => {
    const volumes = [{ name: 'x' }, { name: 'x' }];
    const twice: V1Pod = { spec: { ...spec, volumes } };
    const added: V1Pod = { spec: { ...spec, volumes: [...volumes, { name: 'v' }] } };
    const patch: Operation[] = [{ op: 'add', path: '/spec/volumes/2', value: { name: 'v' } }];
    expect(() => verifyPatch(twice, added, patch, stable)).not.to.throw();
  });
});
