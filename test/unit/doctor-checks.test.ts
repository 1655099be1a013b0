import { globSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect } from 'chai';
import { type Category, categories } from '../../scripts/doctor/categories.ts';
import { type Check, check, eitherOf, explainedBy, resultOf } from '../../scripts/doctor/check.ts';
import type { Context } from '../../scripts/doctor/context.ts';
import { conclude, toJson } from '../../scripts/doctor/report.ts';
import { type Diagnosis, diagnose } from '../../scripts/doctor/run.ts';
import { defaultInstallation as installation } from '../../scripts/install/installation.ts';
import { ApiError } from '../../scripts/kubernetes/client.ts';
import { broken, type Finding, ok, unknown } from '../../scripts/terminal/finding.ts';

// No check here looks at a cluster.
const context = { installation } as Context;

describe('doctor: the checks', () => {
  it('have the names of their files, and their categories those of the folders', () => {
    const folder = join(import.meta.dirname, '../../scripts/doctor/checks');
    const files = globSync(`${folder}/*/*.ts`).map((file) => `${basename(dirname(file))}/${basename(file, '.ts')}`);
    const ids = categories.flatMap((category) => category.checks.map(({ id }) => `${category.id}/${id}`));
    expect(ids.toSorted()).to.deep.equal(files.sort());
    for (const id of ids) expect(id).to.match(/^[a-z]+\/[a-z]+(-[a-z]+)*$/);
  });

  it('have titles that fit their column', () => {
    const long = categories.flatMap(({ checks }) => checks).filter(({ title }) => title.length > 18);
    expect(long.map(({ title }) => title)).to.deep.equal([]);
  });
});

const ofCall: Category = { id: 'function', title: 'Function', isOfCall: true, checks: [] };
const ofPods: Category = { id: 'pods', title: 'Pods', isOfCall: false, checks: [] };

describe('doctor: checks that need others', () => {
  const sound = finds('sound', [ok('fine')], 1);
  const brokenOne = finds('broken-one', [broken('it broke', 'fix it')]);
  const brokenButThere = finds('broken-but-there', [broken('it broke', 'fix it')], 1);
  const unforeseen = check('unforeseen', 'Unforeseen', [], async () => {
    throw new Error('nobody foresaw it');
  });
  const denied = check('denied', 'Denied', [], async (): Promise<{ findings: Finding[]; found: number }> => {
    throw new ApiError('forbidden', 403);
  });
  const inapplicable = finds('inapplicable', []);
  const alsoBroken = async () => ({ findings: [broken('it broke, too', 'fix that')] });
  const looked = async (_: Context, found: number) => ({ findings: [ok(`found ${found}`)] });

  it('look by what those have found', async () => {
    expect(await last(sound, check('next', 'Next', [sound], looked))).to.deep.include({
      status: 'ok',
      text: 'found 1',
    });
  });

  it('are not made where one has found nothing, and say which is to be fixed first', async () => {
    for (const needed of [brokenOne, unforeseen, denied]) {
      expect(await last(needed, check('next', 'Next', [resultOf(needed as Check<number>)], looked))).to.deep.include({
        status: 'unknown',
        text: `not checked (see ${needed.title} first)`,
        cause: needed.id,
      });
    }
  });

  it('name the first cause, not the one between', async () => {
    const between = check('between', 'Between', [brokenOne as Check<number>], looked);
    const next = check('next', 'Next', [between as Check<number>], looked);
    expect(await last(brokenOne, between, next)).to.deep.include({ status: 'unknown', cause: 'broken-one' });
  });

  it('are unknown, with what they have found, where a break before them explains theirs', async () => {
    for (const [need, cause] of [
      [brokenButThere, brokenButThere],
      [explainedBy(brokenButThere), brokenButThere],
      [explainedBy(brokenOne), brokenOne],
    ] as const) {
      expect(await last(brokenOne, brokenButThere, check('next', 'Next', [need], alsoBroken))).to.deep.equal({
        id: 'next',
        title: 'Next',
        status: 'unknown',
        text: `it broke, too (see ${cause.title} first)`,
        cause: cause.id,
        category: ofCall,
      });
    }
  });

  it('are broken where nothing broken explains it: what could not be checked, or is needed for its result alone', async () => {
    for (const need of [explainedBy(unforeseen), explainedBy(denied), resultOf(brokenButThere), sound])
      expect(
        await last(unforeseen, denied, brokenButThere, sound, check('next', 'Next', [need], alsoBroken)),
      ).to.deep.include({ status: 'broken', text: 'it broke, too', fix: 'fix that' });
  });

  it('say nothing where with one that they need there is nothing to check', async () => {
    const next = check('next', 'Next', [inapplicable as Check<number>], looked);
    expect(await run(inapplicable, next, check('then', 'Then', [next as Check<number>], looked))).to.deep.equal([]);
  });

  it('take the other of two where with the first there is nothing to check', async () => {
    const either = check('next', 'Next', [eitherOf(inapplicable as Check<number>, sound)], looked);
    expect(await last(inapplicable, sound, either)).to.deep.include({ text: 'found 1' });
    const first = check('next', 'Next', [eitherOf(brokenOne as Check<number>, sound)], looked);
    expect(await last(brokenOne, sound, first)).to.deep.include({ cause: 'broken-one' });
  });

  it('are unknown where looking fails, apart from denied, and the others run all the same', async () => {
    const all = await run(unforeseen, denied, sound);
    expect(all.map(({ status, text, isDenied }) => [status, text, isDenied])).to.deep.equal([
      ['unknown', 'nobody foresaw it', undefined],
      ['unknown', 'forbidden', true],
      ['ok', 'fine', undefined],
    ]);
  });

  it('come after those that they need', async () => {
    const error = await run(check('next', 'Next', [sound], looked), sound).catch(({ message }: Error) => message);
    expect(error).to.equal('the check sound is needed before it has run');
  });
});

describe('doctor: what the findings come to', () => {
  const denied = (title: string, of = ofCall) => diagnosis(title, { ...unknown('forbidden'), isDenied: true }, of);

  it('is 3 where nothing is broken, but permissions are missing to check what the call takes', () => {
    expect(
      conclude([denied('Knative'), diagnosis('Ingress', unknown('')), diagnosis('Entries', ok(''))]),
    ).to.deep.include({
      text: 'Nothing is known to be broken; 2 checks could not be made: Knative, Ingress',
      status: 3,
    });
    expect(conclude([denied('Knative'), diagnosis('Webhook', broken('', ''))])).to.deep.include({
      text: 'Broken: Webhook',
      status: 1,
    });
  });

  it('is 0 where something else keeps a check from being made, or it is not of the call', () => {
    expect(conclude([diagnosis('TLS', unknown('no port-forward'))]).status).to.equal(0);
    expect(conclude([denied('Copies', ofPods)]).status).to.equal(0);
    expect(conclude([diagnosis('Entries', ok(''))])).to.deep.include({ text: 'Nothing is broken.', status: 0 });
  });

  it('is JSON with the ids of checks and categories', () => {
    const { title: _, ...finding } = diagnosis('TLS', broken('no', 'fix it'));
    expect(JSON.parse(JSON.stringify(toJson([{ ...finding, title: 'T', cause: 'webhook' }])))).to.deep.equal({
      checks: [
        { id: 'tls', category: 'function', title: 'T', status: 'broken', text: 'no', cause: 'webhook', fix: 'fix it' },
      ],
    });
  });
});

function finds(id: string, findings: Finding[], found?: number): Check<number> {
  const title = id[0]?.toUpperCase() + id.slice(1);
  return check(id, title, [], async () => ({ findings, ...(found !== undefined && { found }) }));
}

async function run(...checks: Check<unknown>[]): Promise<Diagnosis[]> {
  const all: Diagnosis[] = [];
  for await (const finding of diagnose(context, [{ ...ofCall, checks }])) all.push({ ...finding, category: ofCall });
  return all;
}

async function last(...checks: Check<unknown>[]): Promise<Diagnosis | undefined> {
  return (await run(...checks)).at(-1);
}

function diagnosis(title: string, finding: Finding, of = ofCall): Diagnosis {
  return { id: title.toLowerCase(), title, category: of, ...finding };
}
