import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { callersOf as takingToken } from '../../function/http/caller-tokens.ts';
import { temporaryDirectory } from '../../scripts/terminal/temporary-directory.ts';

/** Whether a caller with this token is served. */
function callersOf(...given: Parameters<typeof takingToken>): (token: string) => boolean {
  const takeToken = takingToken(...given);
  return (token) => takeToken([token]) !== undefined;
}

const [one, other] = ['1'.repeat(43), '2'.repeat(43)];

describe("the callers' tokens", () => {
  const cleanup = new AsyncDisposableStack();
  let directory: string;
  let file: string;
  let records: string[];
  const log = (severity: string, message: string) => void records.push(`${severity} ${message}`);
  beforeEach(() => {
    directory = temporaryDirectory(join(tmpdir(), 'hello-webhook-test-'), cleanup);
    file = join(directory, 'tokens');
    records = [];
  });
  after(() => cleanup.disposeAsync());
  const until = async (isSo: () => boolean) => {
    while (!isSo()) await delay(50);
  };

  it('serve everyone where none are configured, which is said', () => {
    expect(callersOf(undefined, log)('')).to.equal(true);
    expect(records).to.deep.equal(['WARNING CALLER_TOKENS is not set: every caller is served']);
  });

  it('serve whoever has one of them, and nobody else', () => {
    writeFileSync(file, `${one}\n${other}\n`);
    const isCaller = callersOf(file, log);
    expect([one, other, '', '3'.repeat(43), one.slice(1), `${one}1`].map(isCaller)).to.deep.equal([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
    expect(records).to.deep.equal([]);
  });

  it('are known by all that they have, however long', () => {
    const long = '1'.repeat(128);
    writeFileSync(file, long);
    const isCaller = callersOf(file, log);
    expect(
      [
        long,
        `${long}1`,
        `${long}\0`,
        `${long}\u00e9`,
        `${long}\u{1f600}`,
        long.slice(1),
        `${long.slice(1)}2`,
        `2${long.slice(1)}`,
      ].map(isCaller),
    ).to.deep.equal([true, ...Array(7).fill(false)]);
  });

  it('are replaced as a Secret in a volume is, by another target of a symbolic link, and outlive their file', async () => {
    const secretOf = (name: string, text: string) => {
      mkdirSync(join(directory, name));
      writeFileSync(join(directory, name, 'tokens'), text);
      symlinkSync(name, join(directory, `${name}-link`));
      renameSync(join(directory, `${name}-link`), join(directory, '..data'));
    };
    secretOf('before', one);
    symlinkSync('..data/tokens', file);
    const isCaller = callersOf(file, log);
    expect([isCaller(one), isCaller(other)]).to.deep.equal([true, false]);
    secretOf('between', `${one}\n${other}`);
    await until(() => isCaller(other));
    expect(isCaller(one)).to.equal(true);
    secretOf('later', other);
    await until(() => !isCaller(one));
    expect(isCaller(other)).to.equal(true);
    secretOf('bad', 'short');
    await until(() => !isCaller(one) && records.length > 0);
    expect(isCaller(other)).to.equal(true);
    expect(records[0])
      .to.match(/^ERROR .*tokens must hold tokens.*stay as they were$/)
      .and.not.contain('short');
    rmSync(file);
    expect([isCaller(one), isCaller(other)]).to.deep.equal([false, true]);
  });

  it('are demanded as soon as there is a file, which an optional Secret may not be at the start', async () => {
    const isCaller = callersOf(file, log);
    expect(isCaller('')).to.equal(true);
    expect(records).to.deep.equal([`WARNING there is no file ${file}: every caller is served until there is`]);
    writeFileSync(file, one);
    await until(() => !isCaller(''));
    expect(isCaller(one)).to.equal(true);
  });

  it('are taken from the path, of which the rest says what a call is for', () => {
    writeFileSync(file, one);
    const takeToken = takingToken(file, log);
    expect(takeToken([one])).to.deep.equal([]);
    expect(takeToken([one, 'hello'])).to.deep.equal(['hello']);
    expect(takeToken(['hello', one])).to.equal(undefined);
    expect(takeToken([])).to.equal(undefined);
    expect(takingToken(undefined, log)(['hello'])).to.deep.equal(['hello']);
  });

  it('are not demanded while the file has a line *, so that a webhook configuration may get its first one', async () => {
    writeFileSync(file, `${one}\n*\n`);
    const takeToken = takingToken(file, log);
    expect(takeToken([one, 'hello'])).to.deep.equal(['hello']);
    expect(takeToken(['hello'])).to.deep.equal(['hello']);
    expect(takeToken([])).to.deep.equal([]);
    expect(records).to.deep.equal([`WARNING ${file} has a line *: every caller is served`]);
    writeFileSync(file, one);
    await until(() => takeToken([]) === undefined);
    expect(takeToken([one])).to.deep.equal([]);
  });

  for (const [title, text] of [
    ['is empty', '\n'],
    ['has a short one', `${one}\nswordfish`],
    ['has nothing but a line *', '*'],
    ['has what the path of a Service may not have', 'Aa_'.repeat(20)],
    ['has what no path may have', `${'/'.repeat(40)}`],
  ] as const) {
    it(`stop the start where their file ${title}`, () => {
      writeFileSync(file, text);
      expect(() => callersOf(file, log))
        .to.throw('must hold tokens')
        .and.not.match(/swordfish|111/);
    });
  }
});
