import { expect } from 'chai';
import fc from 'fast-check';
import { normalPath, relationOf } from '../../function/review/path.ts';
import { PathIndex } from '../../function/review/path-index.ts';

const segment = fc.constantFrom('a', 'b', 'var', 'run', 'etc');
const path = fc.oneof(
  { weight: 9, arbitrary: fc.array(segment, { maxLength: 4 }).map((segments) => normalPath(segments.join('/'))) },
  {
    weight: 1,
    arbitrary: fc.array(segment, { minLength: 40, maxLength: 42 }).map((segments) => `/${segments.join('/')}`),
  },
);

describe('an index of paths', () => {
  it('finds all that is related to a path, in the order in which it was added', () => {
    fc.assert(
      fc.property(fc.array(path, { maxLength: 60 }), path, (paths, asked) => {
        const index = new PathIndex<number>();
        for (const [place, one] of paths.entries()) index.add(one, place);
        const found = index.near(asked);
        const related = [...paths.keys()].filter((place) => relationOf(paths[place] ?? '', asked));
        expect(found.filter((place) => related.includes(place))).to.deep.equal(related);
        expect(found).to.deep.equal(found.toSorted((one, other) => one - other));
      }),
      { numRuns: 500 },
    );
  });

  it('finds nothing else among many', () => {
    const index = new PathIndex<string>();
    for (let place = 0; place < 100; place++) index.add(`/data/${place}`, `${place}`);
    expect(index.near('/data/7/x')).to.deep.equal(['7']);
    expect(index.near('/dat')).to.deep.equal([]);
    expect(index.near('/data')).to.have.length(100);
  });
});
