import type { V1MutatingWebhook } from '@kubernetes/client-node';
import { expect } from 'chai';
import fc from 'fast-check';
import { isForNamespace } from '../../function/copies/namespaces.ts';
import { parseInjections } from '../../function/injections/load.ts';
import { selectsLabels } from '../../function/review/selector.ts';
import { labelFindings } from '../../scripts/doctor/namespace-labels.ts';
import { callsFor, isForNamespacesOf } from '../../scripts/install/coverage.ts';
import { callNameOf, entriesFor, type Selecting } from '../../scripts/install/entries.ts';
import { globRemarks, needlessCalls } from '../../scripts/install/needless-calls.ts';
import { webhookConfiguration } from '../../scripts/install/webhook-configuration.ts';
import { outdatedEntries } from '../../scripts/install/withdrawal.ts';
import { warning } from '../../scripts/terminal/finding.ts';

const hello = { matchLabels: { hello: 'true' } };
const labelled = { matchLabels: { ca: 'company' } };
const byName = (operator: string, ...values: string[]) => ({ key: 'kubernetes.io/metadata.name', operator, values });

const cases: [title: string, injections: Selecting[], expected: object[]][] = [
  [
    'is one for each distinct selector',
    [
      { name: 'a', selector: hello },
      { name: 'b', selector: { matchLabels: { b: 'true' } } },
      { name: 'c', selector: hello },
    ],
    [
      { name: 'a', objectSelector: hello },
      { name: 'b', objectSelector: { matchLabels: { b: 'true' } } },
    ],
  ],
  [
    'is one of its own, called by name, for those that share a namespaceSelector as well',
    [
      { name: 'a', selector: hello },
      { name: 'b', selector: hello, namespaceSelector: labelled },
      { name: 'c', selector: {}, namespaceSelector: labelled },
      { name: 'd', selector: hello, namespaceSelector: labelled },
    ],
    [
      { name: 'a', objectSelector: hello },
      { name: 'b', objectSelector: hello, namespaceSelector: labelled, callName: 'b' },
      { name: 'c', objectSelector: {}, namespaceSelector: labelled, callName: 'c' },
    ],
  ],
  [
    'selects the namespaces that all of its injections include by name',
    [
      { name: 'a', selector: hello, namespaces: { include: ['team-a', 'team-b'] } },
      { name: 'b', selector: hello, namespaces: { include: ['team-b', 'team-c'] } },
    ],
    [
      {
        name: 'a',
        objectSelector: hello,
        namespaceSelector: { matchExpressions: [byName('In', 'team-a', 'team-b', 'team-c')] },
      },
    ],
  ],
  [
    'leaves out the namespaces that each of its injections leaves out',
    [
      { name: 'a', selector: hello, namespaces: { exclude: ['team-a', 'team-b', 'x-*'] } },
      { name: 'b', selector: hello, namespaces: { include: ['team-*'], exclude: ['team-a'] } },
    ],
    [{ name: 'a', objectSelector: hello, namespaceSelector: { matchExpressions: [byName('NotIn', 'team-a')] } }],
  ],
  [
    'cannot say a glob',
    [{ name: 'a', selector: hello, namespaces: { include: ['team-a', 'team-b-*'], exclude: ['*-test'] } }],
    [{ name: 'a', objectSelector: hello }],
  ],
  [
    'has names beside labels',
    [{ name: 'a', selector: {}, namespaceSelector: labelled, namespaces: { exclude: ['team-a'] } }],
    [
      {
        name: 'a',
        objectSelector: {},
        namespaceSelector: { ...labelled, matchExpressions: [byName('NotIn', 'team-a')] },
        callName: 'a',
      },
    ],
  ],
];

describe('a webhooks entry', () => {
  for (const [title, injections, expected] of cases) {
    it(title, () => expect(entriesFor(injections)).to.deep.equal(expected));
  }

  it('is for every namespace that one of its injections is for; with exact names, for no other', () => {
    fc.assert(
      fc.property(list, fc.constantFrom(...namespaces), (all, name) => {
        for (const entry of registered(all)) expectCalls(entry, all, name);
      }),
      { numRuns: Number(process.env.PROPERTY_RUNS ?? 1000) },
    );
  });

  it('that calls for nothing is named, with how many namespaces that is', () => {
    const namespaces = ['team-a', 'team-b', 'x', 'y', 'z', 'kube-system'].map((name) => ({ name, labels: {} }));
    const exact: Selecting = { name: 'exact', selector: hello, namespaces: { include: ['team-a'], exclude: ['x'] } };
    const globs: Selecting = {
      name: 'globs',
      selector: { matchLabels: { b: 'true' } },
      namespaces: { include: ['team-*'] },
    };
    expect(needlessCalls(registered([exact, globs]), [exact, globs], namespaces)).to.deep.equal([
      'entry globs.hello-webhook.hello-system.svc calls the function for nothing in 3 of 5 namespaces, such as x: a webhook selects namespaces by exact names or by labels',
    ]);
    expect(globRemarks([exact, globs]).map((line) => line.split(':', 1))).to.deep.equal([['injection globs']]);
  });

  it('waits for the labels of namespaces, which are named with what sets them', () => {
    const expression = { key: 'tier', operator: 'DoesNotExist' };
    const namespaceSelector = { ...labelled, matchExpressions: [expression] };
    const [injection] = parseInjections(
      JSON.stringify({ injections: [{ name: 'ca', namespaceSelector, env: [{ name: 'A', value: 'a' }] }] }),
      'f',
    );
    if (!injection) throw new Error('there is one');
    const said = (known: Record<string, Record<string, string>>, include?: string[]) =>
      labelFindings({ ...injection, ...(include && { namespaces: { include } }) }, new Map(Object.entries(known)));
    const lacking = { a: {}, b: { ca: 'company', tier: 'x' } };
    expect(said(lacking)).to.deep.equal([
      warning(
        'no namespace has the labels that injection ca selects',
        'kubectl label namespace NAMESPACE ca=company tier-',
      ),
    ]);
    expect(said({ ...lacking, c: { ca: 'company' } })).to.deep.equal([]);
    expect(said({ ...lacking, c: { ca: 'company' } }, ['b', 'c', 'none'])).to.deep.equal([
      warning(
        'injection ca includes namespace b, whose labels its namespaceSelector does not select',
        'kubectl label namespace b ca=company tier-',
      ),
    ]);
  });

  it('must go before a function that does not serve it: one whose injection is gone, or is for other labels', () => {
    const injections: Selecting[] = [
      { name: 'stays', selector: hello, namespaceSelector: labelled, namespaces: { exclude: ['team-a'] } },
      { name: 'moves', selector: hello, namespaceSelector: labelled },
      { name: 'plain', selector: hello },
      { name: 'goes', selector: {}, namespaceSelector: labelled },
    ];
    const [stays, moves, plain] = injections as [Selecting, Selecting, Selecting];
    const next: Selecting[] = [
      { ...stays, namespaces: { include: ['team-b'] } },
      { ...moves, namespaceSelector: { matchLabels: { ca: 'other' } } },
      plain,
    ];
    const entries = registered([
      ...injections,
      { name: 'moves-too', selector: {}, namespaceSelector: { matchLabels: { x: 'y' } } },
    ]);
    const outdated = outdatedEntries(entries, next).map(({ name }) => name.split('.')[0]);
    expect(outdated).to.deep.equal(['goes', 'moves-too']);
    expect(outdatedEntries(registered([moves]), next)).to.have.length(1);
    expect(outdatedEntries(entries, injections).map(({ name }) => name.split('.')[0])).to.deep.equal(['moves-too']);
  });

  it('covers the injections that it is made of, and each injection has one', () => {
    fc.assert(
      fc.property(list, (all) => {
        const entries = registered(all);
        for (const injection of all) {
          const covering = entries.filter(
            (entry) => callsFor(entry, injection, all) && isForNamespacesOf(entry, injection),
          );
          expect(covering).not.to.deep.equal([]);
        }
      }),
      { numRuns: Number(process.env.PROPERTY_RUNS ?? 1000) },
    );
  });

  it('names an injection in its path, behind the token of a caller if there is one', () => {
    const token = 'a'.repeat(43);
    const paths = ['/mutate', '/mutate/ca', '/mutate/other', `/mutate/${token}`, `/mutate/${token}/ca`, '/mutate/x/y'];
    const called = [undefined, 'ca', 'other', undefined, 'ca', 'y'];
    expect(paths.map((path) => callNameOf({ service: { name: '', namespace: '', path } }, ['ca']))).to.deep.equal(
      called,
    );
    expect(paths.map((path) => callNameOf({ url: `https://a.b${path}?a=b` }, ['ca']))).to.deep.equal(called);
  });
});

const namespaces = ['team-a', 'team-b', 'other', 'kube-system', 'hello-system'] as const;
const labelsOf: Record<string, Record<string, string>> = {
  'team-a': { ca: 'company' },
  'kube-system': { ca: 'company' },
};
const names = fc.uniqueArray(fc.constantFrom('team-a', 'team-b', 'other', 'team-*', '*'), {
  minLength: 1,
  maxLength: 3,
});

const list: fc.Arbitrary<Selecting[]> = fc
  .array(
    fc.record({
      selector: fc.constantFrom(hello, { matchLabels: { b: 'true' } }),
      namespaceSelector: fc.option(
        fc.constantFrom(labelled, { matchExpressions: [{ key: 'ca', operator: 'DoesNotExist' }] }),
        { nil: undefined },
      ),
      include: fc.option(names, { nil: undefined }),
      exclude: fc.option(names, { nil: undefined }),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((all) =>
    all.map(({ selector, namespaceSelector, include, exclude }, index) => ({
      name: `injection-${index}`,
      selector,
      ...(namespaceSelector && { namespaceSelector }),
      ...((include || exclude) && { namespaces: { ...(include && { include }), ...(exclude && { exclude }) } }),
    })),
  );

function expectCalls(entry: V1MutatingWebhook, all: Selecting[], name: string): void {
  const labels = { ...labelsOf[name], 'kubernetes.io/metadata.name': name };
  const own = all.filter((injection) => callsFor(entry, injection, all));
  const isWanted = name !== 'hello-system' && own.some((injection) => isForNamespace(injection, { name, labels }));
  const isCalled = selectsLabels(entry.namespaceSelector ?? {}, labels);
  if (isWanted) expect(isCalled).to.equal(true);
  // Lists of two injections say more than one selector can.
  if (own.length === 1 && !own.some(hasGlobs)) expect(isCalled).to.equal(isWanted);
}

function hasGlobs({ namespaces = {} }: Selecting): boolean {
  return /[*?]/.test(JSON.stringify(namespaces));
}

function registered(injections: readonly Selecting[]): V1MutatingWebhook[] {
  const place = { name: 'hello-webhook', url: 'https://127.0.0.1/mutate', caCert: '' };
  return webhookConfiguration(place, injections).webhooks ?? [];
}
