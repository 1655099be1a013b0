import { expect } from 'chai';
import type { Operation } from 'fast-json-patch';
import { applyPatch } from '../../function/review/patch.ts';
import { applyStrictly } from '../support/json-patch.ts';

const document = { list: [1, { deep: { a: 1 } }], 'a/b': { 'c~d': 0 }, other: { kept: true }, text: 'text' };

const applicable: [title: string, patch: Operation[]][] = [
  ['adds a key', [{ op: 'add', path: '/other/new', value: { x: [] } }]],
  ['adds over a key', [{ op: 'add', path: '/other', value: null }]],
  ['inserts into a list', [{ op: 'add', path: '/list/0', value: 0 }]],
  ['appends to a list, by its length and by -', ['/list/2', '/list/-'].map((path) => ({ op: 'add', path, value: 2 }))],
  ['changes what is deep in a list', [{ op: 'add', path: '/list/1/deep/b', value: 2 }]],
  [
    'adds into what it has added',
    [
      { op: 'add', path: '/x', value: [] },
      { op: 'add', path: '/x/0', value: 1 },
    ],
  ],
  [
    'replaces',
    [
      { op: 'replace', path: '/list/1/deep', value: 1 },
      { op: 'replace', path: '/text', value: '' },
    ],
  ],
  ['unescapes keys', [{ op: 'replace', path: '/a~1b/c~0d', value: 1 }]],
  ['takes __proto__ for a key like any other', [{ op: 'add', path: '/other/__proto__', value: { x: 1 } }]],
  ['replaces everything', [{ op: 'replace', path: '', value: 1 }]],
];

const inapplicable: [title: string, operation: Operation, message: RegExp][] = [
  ['through what is not there', { op: 'add', path: '/nothing/x', value: 1 }, /does not exist/],
  ['through a text', { op: 'add', path: '/text/x', value: 1 }, /through a value/],
  ['through what every object has', { op: 'add', path: '/toString/x', value: 1 }, /does not exist/],
  ['through the length of a list', { op: 'add', path: '/list/length/x', value: 1 }, /does not exist/],
  ['beyond the end of a list', { op: 'add', path: '/list/3', value: 1 }, /out of range/],
  ['at an index with a zero before it', { op: 'add', path: '/list/01', value: 1 }, /out of range/],
  ['at an empty index', { op: 'add', path: '/list/', value: 1 }, /out of range/],
  ['by a pointer that is none', { op: 'add', path: 'list', value: 1 }, /no JSON pointer/],
  ['in the place of nothing', { op: 'replace', path: '/new', value: 1 }, /does not exist/],
  ['in the place behind a list', { op: 'replace', path: '/list/-', value: 1 }, /does not exist/],
  ['by an operation that is neither add nor replace', { op: 'remove', path: '/text' }, /operation remove/],
];

describe('a JSONPatch, applied', () => {
  for (const [title, patch] of applicable) {
    it(`${title}, and changes neither the document nor itself`, () => {
      const before = JSON.stringify([document, patch]);
      expect(applyPatch(document, patch)).to.deep.equal(applyStrictly<unknown>(document, patch));
      expect(JSON.stringify([document, patch])).to.equal(before);
    });
  }

  it('shares what it does not change', () => {
    const result = applyPatch(document, [{ op: 'add', path: '/list/0', value: 0 }]) as typeof document;
    expect(result.other).to.equal(document.other);
    expect(result.list).not.to.equal(document.list);
  });

  for (const [title, operation, message] of inapplicable) {
    it(`fails ${title}`, () => {
      expect(() => applyPatch(document, [operation])).to.throw(message);
      expect(() => applyStrictly(document, [operation])).to.throw();
    });
  }
});
