import { expect } from 'chai';
import { canOverlap } from '../../function/injections/overlap.ts';
import type { DeclaredInjection } from '../../function/review/injection.ts';

type Declared = Partial<DeclaredInjection>;

const labelled = (key: string, operator: string, ...values: string[]): Declared => ({
  selector: { matchExpressions: [{ key, operator, ...(values.length > 0 && { values }) }] },
});

const inNamespaces = (matchLabels: Record<string, string>): Declared => ({ namespaceSelector: { matchLabels } });

const apart: [string, Declared, Declared][] = [
  ['two values of a label', { selector: { matchLabels: { a: 'b' } } }, { selector: { matchLabels: { a: 'c' } } }],
  ['a value, and others', { selector: { matchLabels: { a: 'b' } } }, labelled('a', 'In', 'c', 'd')],
  ['a value, and all but it', { selector: { matchLabels: { a: 'b' } } }, labelled('a', 'NotIn', 'b', 'c')],
  ['values, and all but they', labelled('a', 'In', 'b', 'c'), labelled('a', 'NotIn', 'c', 'b', 'd')],
  ['a label, and none', labelled('a', 'Exists'), labelled('a', 'DoesNotExist')],
  ['a value, and no label', { selector: { matchLabels: { a: 'b' } } }, labelled('a', 'DoesNotExist')],
  ['two namespaces', { namespaces: { include: ['a'] } }, { namespaces: { include: ['b', 'c'] } }],
  ['a namespace, and all others', { namespaces: { include: ['a'] } }, { namespaces: { exclude: ['a*'] } }],
  ['a namespace, and a glob', { namespaces: { include: ['x-*'] } }, { namespaces: { include: ['a', 'y-x'] } }],
  ['namespaces of two values of a label', inNamespaces({ a: 'b' }), inNamespaces({ a: 'c' })],
  ['two containers', { containers: { include: ['app'] } }, { containers: { include: ['proxy'] } }],
];

const together: [string, Declared, Declared][] = [
  ['labels of two keys', { selector: { matchLabels: { a: 'b' } } }, { selector: { matchLabels: { c: 'd' } } }],
  ['a value among values', { selector: { matchLabels: { a: 'b' } } }, labelled('a', 'In', 'b', 'c')],
  ['a value, and all but another', { selector: { matchLabels: { a: 'b' } } }, labelled('a', 'NotIn', 'c')],
  ['no label, and all but a value', labelled('a', 'DoesNotExist'), labelled('a', 'NotIn', 'b')],
  ['namespaces of two labels', inNamespaces({ a: 'b' }), inNamespaces({ c: 'd' })],
  ['namespaces of a label, and all', inNamespaces({ a: 'b' }), {}],
  ['all namespaces, and one', {}, { namespaces: { include: ['a'] } }],
  ['globs, of which nobody knows', { namespaces: { include: ['a*'] } }, { namespaces: { include: ['*b'] } }],
  ['a container, and a glob', { containers: { include: ['app'] } }, { containers: { include: ['a*'] } }],
];

describe('two injections', () => {
  for (const [title, one, other] of apart) {
    it(`cannot both be in one container: ${title}`, () => {
      expect([canOverlap(one, other), canOverlap(other, one)]).to.deep.equal([false, false]);
    });
  }
  for (const [title, one, other] of together) {
    it(`can both be in one container: ${title}`, () => {
      expect([canOverlap(one, other), canOverlap(other, one)]).to.deep.equal([true, true]);
    });
  }
});
