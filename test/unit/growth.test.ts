import { expect } from 'chai';
import { conflictProblems } from '../../function/injections/conflicts.ts';
import { type DeclaredInjection, withDefaults } from '../../function/review/injection.ts';
import { review } from '../../function/review/review.ts';
import { admissionRequest } from '../support/admission-review.ts';

type Make = (index: number) => Partial<DeclaredInjection>;

const selected = { matchLabels: { hello: 'true' } };
const forTeam = (index: number) => ({ matchLabels: { team: `team-${index}` } });
const volume = (index: number) => ({ name: `v${index}`, configMap: { name: `c${index}` } });

/** Ways in which many injections may stand beside one another, none of them wrong. */
const ways: Record<string, Make> = {
  'paths of their own': (index) => ({
    selector: selected,
    volume: volume(index),
    mount: { mountPath: `/data/${index}` },
  }),
  'ten mounts each': (index) => ({
    selector: selected,
    volume: volume(index),
    mounts: Array.from({ length: 10 }, (_, mount) => ({ mountPath: `/data/${index}/${mount}` })),
  }),
  'one path, for Pods of one team each': (index) => ({
    selector: forTeam(index),
    volume: volume(index),
    mount: { mountPath: '/etc/team' },
  }),
  'one path, in one namespace each': (index) => ({
    selector: selected,
    namespaces: { include: [`team-${index}`] },
    volume: volume(index),
    mount: { mountPath: '/etc/team' },
  }),
  'one path, in one container each': (index) => ({
    selector: selected,
    containers: { include: [`container-${index}`] },
    volume: volume(index),
    mount: { mountPath: '/etc/team' },
  }),
  'one mount of one volume': (index) => ({
    selector: { matchLabels: { [`wants-${index}`]: 'true' } },
    volume: volume(0),
    mount: { mountPath: '/etc/shared' },
  }),
  'files in one folder': (index) =>
    index === 0
      ? { selector: selected, volume: { name: 'all', emptyDir: {} }, mount: { mountPath: '/data' } }
      : { selector: selected, volume: volume(index), mount: { mountPath: `/data/${index}`, subPath: 'x' } },
  'variables of their own': (index) => ({ selector: selected, env: [{ name: `A${index}`, value: `${index}` }] }),
  'one value of one variable': (index) => ({
    selector: { matchLabels: { [`wants-${index}`]: 'true' } },
    env: [{ name: 'A', value: 'a' }],
  }),
  'one variable, for Pods of one team each': (index) => ({
    selector: forTeam(index),
    env: [{ name: 'A', value: `${index}` }],
  }),
  'labels that they set': (index) => ({ selector: selected, env: [], labels: { [`done-${index}`]: 'OK' } }),
};

const together = ['paths of their own', 'ten mounts each', 'files in one folder', 'variables of their own'];

describe('the number of injections', () => {
  for (const title of together) {
    it(`makes a review no longer than in proportion: ${title}`, () => {
      const readsOf = (length: number) => {
        const make = ways[title] as Make;
        const declared = Array.from({ length }, (_, index) => ({ name: `i${index}`, ...make(index) }));
        const reads = countReads((declared as DeclaredInjection[]).map(withDefaults));
        const pod = {
          metadata: { name: 'app', labels: selected.matchLabels },
          spec: { containers: [{ name: 'app' }] },
        };
        const { outcome, skipped } = review(admissionRequest(pod), reads.value);
        expect([outcome, skipped]).to.deep.equal(['injected', []]);
        return reads.count();
      };
      expect(readsOf(400) / readsOf(200)).to.be.lessThan(2.3);
    });
  }

  for (const [title, make] of Object.entries(ways)) {
    it(`makes their check no longer than in proportion: ${title}`, () => {
      const readsOf = (length: number) => {
        const reads = countReads(Array.from({ length }, (_, index) => ({ name: `i${index}`, ...make(index) })));
        expect(conflictProblems(reads.value)).to.deep.equal([]);
        return reads.count();
      };
      // Four times as long where each is compared with each.
      expect(readsOf(400) / readsOf(200)).to.be.lessThan(2.3);
    });
  }
});

/** The same value, of which each read of a field or an item, anywhere in it, is counted. */
function countReads<T extends object>(original: T): { value: T; count: () => number } {
  let count = 0;
  const watched = <O extends object>(object: O): O =>
    new Proxy(object, {
      get(target, key) {
        count++;
        const value: unknown = Reflect.get(target, key);
        return typeof value === 'object' && value !== null ? watched(value) : value;
      },
    });
  return { value: watched(original), count: () => count };
}
