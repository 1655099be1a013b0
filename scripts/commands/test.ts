import { existsSync } from 'node:fs';
import { action, createCommand } from '../terminal/command.ts';
import { exitStatus, UsageError } from '../terminal/exit-status.ts';
import { print } from '../terminal/output.ts';
import type { Fixture } from '../workloads/fixture.ts';
import type { Ended } from '../workloads/run-fixtures.ts';

interface TestOptions {
  injections?: string;
  update?: boolean;
}

export const test = createCommand('test')
  .summary('test injections by cases of your own')
  .description(
    `Runs the cases in a directory: each directory in it with a pod.yaml, the Pod that is created. expected.yaml is what
the function answers: the decision, what was skipped and why, the response, and the Pod as it is then. A case may have
injections.yaml of its own; request.yaml, fields of an AdmissionRequest that are not those of a creation in the namespace
default; and call.yaml, {name: NAME} for the call that the API server makes in the namespaces that the namespaceSelector of
injection NAME selects. A directory with files of a case but no pod.yaml fails, unless request.yaml has the object. Needs no
cluster.`,
  )
  .argument('<directory>', 'with the cases, or a case itself')
  .option(
    '--injections <file>',
    'for the cases without an injections.yaml; default: those that the function has without a file',
  )
  .option('--update', 'write expected.yaml where it is missing or says something else, for you to read')
  .action(
    action(async ({ injections: file, update = false }: TestOptions, { args: [directory = ''] }) => {
      const { readInjections } = await import('../../function/injections/load.ts');
      const { defaultInjections } = await import('../../function/injections/default-injections.ts');
      const { runFixture } = await import('../workloads/run-fixtures.ts');
      const { formatDiff } = await import('../terminal/diff.ts');
      const injections = file === undefined ? defaultInjections : readInjections(file);
      const fixtures = await fixturesAt(directory);
      const count = { passed: 0, written: 0, failed: 0 };
      for (const fixture of fixtures) {
        const ended = runFixture(fixture, injections, update);
        const isFailed = ended.outcome !== 'passed' && ended.outcome !== 'written';
        count[isFailed ? 'failed' : ended.outcome]++;
        print(`${isFailed ? '✗' : '✓'} ${fixture.title}${remarkOf(ended)}`);
        if (ended.outcome === 'failed') {
          const diff = formatDiff(fixture.file('expected.yaml'), ended.expected, ended.actual, process.stdout);
          process.stdout.write(`${diff}\n`);
        }
      }
      const { passed, written, failed } = count;
      print(`${passed} passed, ${failed} failed${written > 0 ? `, ${written} written` : ''}`);
      return failed > 0 ? exitStatus.failed : exitStatus.ok;
    }),
  );

async function fixturesAt(directory: string): Promise<Fixture[]> {
  const { fixturesIn } = await import('../workloads/fixture.ts');
  if (!existsSync(directory)) throw new UsageError(`${directory} not found`);
  const fixtures = fixturesIn(directory);
  if (fixtures.length > 0) return fixtures;
  throw new UsageError(`${directory}: no directory in it has a pod.yaml`);
}

function remarkOf(ended: Ended): string {
  switch (ended.outcome) {
    case 'written':
      return ': expected.yaml written';
    case 'missing':
      return ': there is no expected.yaml: --update writes it';
    case 'error':
      return `: ${ended.message}`;
    default:
      return '';
  }
}
