import { spawnSync } from 'node:child_process';
import type { V1Pod } from '@kubernetes/client-node';
import { expect } from 'chai';
import { toJson } from '../../scripts/doctor/report.ts';
import { restartCommands } from '../../scripts/doctor/restart.ts';
import { broken, formatFinding } from '../../scripts/terminal/finding.ts';
import { oneLine, printable, shell } from '../../scripts/terminal/output.ts';

/** What a tenant may write where the API server checks nothing: an owner's name, a condition's message. */
const hostile = "x'; touch /tmp/hacked; \u001b[2K\u001b]0;owned\u0007$(id) `id` \u009b31m\u202etxt\r\n✓ Webhook  fine";
const control = /[\p{Cc}\u202e]/u;

describe('a command that is printed', () => {
  /** The words that a shell makes of a command. */
  const wordsOf = (command: string) => {
    const script = `kubectl() { for word; do printf '%s\\n' "$word"; done; }; ${command}`;
    return spawnSync('sh', ['-c', script], { encoding: 'utf8' }).stdout.split('\n').slice(0, -1);
  };
  const visible = printable(hostile).replaceAll('\n', '');

  it('has each value as one word, whoever wrote it', () => {
    const command = shell`kubectl -n ${'team-a'} rollout restart deployment/${hostile} ${['-l', 'a=b c']} ${''}`;
    expect(command).not.to.match(control);
    expect(wordsOf(command)).to.deep.equal([
      '-n',
      'team-a',
      'rollout',
      'restart',
      `deployment/${visible}`,
      '-l',
      'a=b c',
      '',
    ]);
  });

  it('leaves what needs no quotes as it is', () => {
    expect(shell`kubectl -n ${'team-a'} get pod -l ${'a.b/c=d,e'} ${'x:1@2+3%_'}`).to.equal(
      'kubectl -n team-a get pod -l a.b/c=d,e x:1@2+3%_',
    );
  });

  it("of doctor's names an owner as data, in its comment, too", () => {
    const owned = (kind: string): V1Pod => ({
      metadata: {
        name: 'app',
        namespace: 'team-a',
        ownerReferences: [{ apiVersion: 'v1', kind, name: hostile, uid: 'u', controller: true }],
      },
    });
    expect(wordsOf(restartCommands([owned('StatefulSet')]))).to.deep.equal([
      '-n',
      'team-a',
      'rollout',
      'restart',
      `statefulset/${visible}`,
    ]);
    expect(wordsOf(restartCommands([owned(hostile)]))).to.deep.equal(['-n', 'team-a', 'delete', 'pod', 'app']);
  });
});

describe('a text that is printed', () => {
  it('keeps its lines, and has no control characters', () => {
    expect(printable('a\tb\nc\u001b[31m\u0000\u0085\u202e')).to.equal('a\tb\nc[31m');
    expect(oneLine('a\tb\r\nc\u001b[31m\u202e')).to.equal('a b c[31m');
  });

  it('of a finding is one line, so that it makes no finding of its own', () => {
    const lines = formatFinding('Webhook', broken(hostile, 'npm run deploy')).split('\n');
    expect(lines).to.have.length(2);
    expect(lines.join('')).not.to.match(control);
    const category = { id: 'pods', title: 'Pods', isOfCall: false, checks: [] };
    const finding = { id: 'a', title: 'A', category, ...broken(hostile, hostile) };
    const texts = JSON.stringify(toJson([finding]));
    expect(texts).not.to.match(/\\u00|\\r|\u009b|\u202e/);
  });

  it('goes through that, on stdout, on stderr and as progress', () => {
    const program = `
      import { print, printError } from './scripts/terminal/output.ts';
      import { createProgress } from './scripts/terminal/progress.ts';
      const text = ${JSON.stringify(hostile)};
      print(text); printError(text); createProgress()(text);`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', program], {
      encoding: 'utf8',
    });
    const [shown, ...others] = stdout.split('\n');
    expect(shown).to.contain('touch /tmp/hacked');
    expect(others).to.deep.equal(['✓ Webhook  fine', '']);
    expect(stderr.split('\n')).to.have.length(4);
    expect(`${stdout}${stderr}`.replaceAll('\n', '')).not.to.match(control);
  });
});
