import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { defaultInjections } from '../../function/injections/default-injections.ts';
import { ConfigurationError, parseInjections, readInjections } from '../../function/injections/load.ts';
import { fixtures } from '../support/fixtures.ts';

/** A file with an injection that has nothing but what it must, of a source in YAML. */
const withSource = (source: string) => `
injections:
  - name: files
    selector: {matchLabels: {files: "1"}}
    volume: {name: files, ${source}}
    mount: {mountPath: /files}
`;
const minimal = withSource('secret: {secretName: s, defaultMode: 0440}');

/** Each directory of test/unit/configuration has a bad injections.yaml and, in errors.txt, what is said of it. */
describe('configuration', () => {
  for (const { title, file } of fixtures('unit/configuration')) {
    it(`refuses ${title}`, () => {
      const text = readFileSync(file('injections.yaml'), 'utf8');
      const errors = messageOf(() => parseInjections(text, 'injections.yaml'));
      if (process.env.UPDATE_FIXTURES && !process.env.CI) writeFileSync(file('errors.txt'), `${errors}\n`);
      expect(`${errors}\n`).to.equal(readFileSync(file('errors.txt'), 'utf8'));
    });
  }

  it('has the injection of the tutorial by default', () => {
    expect(defaultInjections).to.deep.equal([
      {
        name: 'hello',
        selector: { matchLabels: { hello: 'true' } },
        volume: { name: 'hello-volume', configMap: { name: 'hello-configmap' } },
        mounts: [{ name: 'hello-volume', mountPath: '/etc/config', readOnly: true }],
        env: [],
        labels: { 'hello-added': 'OK' },
        onConflict: 'skip',
      },
    ]);
  });

  it('fills in what may be left out', () => {
    const [injection] = parseInjections(minimal, 'injections.yaml');
    expect(injection).to.include({ onConflict: 'skip' });
    expect(injection?.mounts).to.deep.equal([{ name: 'files', mountPath: '/files' }]);
  });

  it('reads numbers as kubectl does, 0440 being octal, and dates and times as strings', () => {
    const [injection] = parseInjections(
      `${minimal}    annotations: {day: 2026-11-23, time: 12:30}\n`,
      'injections.yaml',
    );
    expect(injection?.volume?.secret?.defaultMode).to.equal(0o440);
    expect(injection?.annotations).to.deep.equal({ day: '2026-11-23', time: '12:30' });
  });

  it('lets injections share a volume, in whatever order its fields stand', () => {
    const text = `
injections:
  - {name: a, selector: {matchLabels: {a: b}}, volume: {name: v, configMap: {name: c, optional: true}}, mount: {mountPath: /a}}
  - {name: b, selector: {matchLabels: {a: b}}, volume: {configMap: {optional: true, name: c}, name: v}, mount: {mountPath: /b}}
`;
    expect(parseInjections(text, 'injections.yaml')).to.have.length(2);
  });

  it('passes any volume source through untouched', () => {
    const text = withSource('futureSource: {a: [1, {b: null}]}');
    expect(parseInjections(text, 'injections.yaml')[0]?.volume).to.deep.equal({
      name: 'files',
      futureSource: { a: [1, { b: null }] },
    });
  });

  it('reads a file', () => {
    const directory = mkdtempSync(join(tmpdir(), 'hello-webhook-test-'));
    try {
      const file = join(directory, 'injections.yaml');
      writeFileSync(file, minimal);
      expect(readInjections(file).map(({ name }) => name)).to.deep.equal(['files']);
      const missing = join(directory, 'missing.yaml');
      expect(messageOf(() => readInjections(missing))).to.match(/missing\.yaml not found$/);
      expect(messageOf(() => readInjections(directory))).to.match(/: cannot be read: EISDIR/);
    } finally {
      rmSync(directory, { recursive: true });
    }
    expect(existsSync(directory)).to.equal(false);
  });
});

function messageOf(load: () => unknown): string {
  try {
    load();
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
  throw new Error('the configuration was taken');
}
