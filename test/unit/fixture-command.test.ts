import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { temporaryDirectory } from '../../scripts/terminal/temporary-directory.ts';

const passing = 'a labelled Pod gets the volume, the mount and the label';
const denying = 'deny, a mount in the way refuses the Pod';

describe('hello-webhook test', () => {
  const cleanup = new AsyncDisposableStack();
  let directory: string;
  const run = (...args: string[]) =>
    spawnSync(process.execPath, ['scripts/hello-webhook.ts', 'test', ...args], { encoding: 'utf8' });
  const fileOf = (title: string, name: string) => join(directory, title, name);

  beforeEach(() => {
    directory = temporaryDirectory(join(tmpdir(), 'hello-webhook-test-'), cleanup);
    for (const title of [passing, denying]) {
      cpSync(join('test/unit/review', title), join(directory, title), { recursive: true });
    }
  });
  after(() => cleanup.disposeAsync());

  it('runs the cases of a directory, and ends with 0 where all pass', () => {
    const { status, stdout, stderr } = run(directory);
    expect([status, stderr]).to.deep.equal([0, '']);
    expect(stdout).to.equal(`✓ ${passing}\n✓ ${denying}\n2 passed, 0 failed\n`);
    expect(run(join(directory, passing)).stdout).to.equal(`✓ ${passing}\n1 passed, 0 failed\n`);
  });

  it('shows what is not as expected, and ends with 1', () => {
    writeFileSync(
      fileOf(passing, 'pod.yaml'),
      'apiVersion: v1\nkind: Pod\nmetadata: {}\nspec: {containers: [{name: a}]}\n',
    );
    rmSync(fileOf(denying, 'expected.yaml'));
    const { status, stdout } = run(directory);
    expect(status).to.equal(1);
    expect(stdout).to.match(/^-decision: injected$/m);
    expect(stdout).to.match(/^\+reason: no injection selects the Pod$/m);
    expect(stdout).to.contain(`✗ ${denying}: there is no expected.yaml: --update writes it\n0 passed, 2 failed\n`);
  });

  it('writes with --update what is expected from now on, below the comment of the file', () => {
    const expected = readFileSync(fileOf(denying, 'expected.yaml'), 'utf8');
    rmSync(fileOf(denying, 'expected.yaml'));
    writeFileSync(fileOf(passing, 'expected.yaml'), '# Why.\ndecision: denied\n');
    const { status, stdout } = run(directory, '--update');
    expect(status).to.equal(0);
    expect(stdout).to.contain(`✓ ${denying}: expected.yaml written\n0 passed, 0 failed, 2 written\n`);
    expect(readFileSync(fileOf(denying, 'expected.yaml'), 'utf8')).to.equal(expected);
    expect(readFileSync(fileOf(passing, 'expected.yaml'), 'utf8')).to.match(/^# Why\.\ndecision: injected\n/);
    expect(run(directory).stdout).to.contain('2 passed, 0 failed\n');
  });

  it('takes one file of injections for all cases that have none', () => {
    const { stdout } = run(directory, '--injections', 'manifests/examples/token.yaml');
    expect(stdout).to.contain(`✗ ${passing}\n`).and.to.contain(`✓ ${denying}\n`);
  });

  it('names the file of a case that is not YAML, or no Pod', () => {
    writeFileSync(fileOf(passing, 'pod.yaml'), 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: shop}\n');
    writeFileSync(fileOf(denying, 'pod.yaml'), 'a: 1\n---\na: 2\n');
    const { status, stdout } = run(directory);
    expect(status).to.equal(1);
    expect(stdout).to.contain(`✗ ${passing}: pod.yaml is a Deployment, and no Pod\n`);
    expect(stdout).to.contain(`✗ ${denying}: pod.yaml: `);
    writeFileSync(fileOf(denying, 'pod.yaml'), 'apiVersion: v1\nkind: Pod\n');
    writeFileSync(fileOf(denying, 'call.yaml'), 'name: hello\n');
    expect(run(fileOf(denying, '')).stdout).to.contain(
      `✗ ${denying}: call.yaml: name: no injection hello has a namespaceSelector\n`,
    );
  });

  it('refuses a field of request.yaml or call.yaml that is none, and names its line', () => {
    writeFileSync(fileOf(passing, 'request.yaml'), 'operation: CREATE\nnamspace: team-a\n');
    writeFileSync(fileOf(denying, 'call.yaml'), 'named: hello\n');
    const { status, stdout } = run(directory);
    expect(status).to.equal(1);
    expect(stdout).to.contain(
      `✗ ${passing}: request.yaml:2:1: namspace: is not a field of an AdmissionRequest (did you mean namespace?)\n`,
    );
    expect(stdout).to.contain(`✗ ${denying}: call.yaml:1:1: named: is not a field of a call (did you mean name?)\n`);
    writeFileSync(fileOf(passing, 'request.yaml'), '- operation: CREATE\n');
    expect(run(directory).stdout).to.contain(`✗ ${passing}: request.yaml:1:1: must be fields of an AdmissionRequest\n`);
    writeFileSync(fileOf(passing, 'request.yaml'), '# The defaults.\n');
    expect(run(fileOf(passing, '')).stdout).to.contain('1 passed, 0 failed\n');
  });

  it('fails a case that has everything but pod.yaml, and what lies beside cases', () => {
    renameSync(fileOf(passing, 'pod.yaml'), fileOf(passing, 'deployment.yaml'));
    mkdirSync(join(directory, 'beside'));
    writeFileSync(fileOf('beside', 'pod.yml'), '');
    const { status, stdout } = run(directory, '--update');
    expect(status).to.equal(1);
    expect(stdout).to.contain(
      `✗ ${passing}: there is no pod.yaml, the Pod that is created, but deployment.yaml, expected.yaml\n`,
    );
    expect(stdout).to.contain('✗ beside: there is no pod.yaml, the Pod that is created, but pod.yml\n');
    expect(stdout).to.contain('1 passed, 2 failed\n');
  });

  it('takes no directory above cases for one, whose injections.yaml may be that of all', () => {
    writeFileSync(join(directory, 'injections.yaml'), '');
    expect(run(directory).stdout).to.contain('2 passed, 0 failed\n');
  });

  it('needs no pod.yaml where request.yaml has the object', () => {
    const deletion = 'a deletion is left alone';
    cpSync(join('test/unit/review', deletion), join(directory, deletion), { recursive: true });
    expect(run(directory).stdout).to.contain(`✓ ${deletion}\n`).and.to.contain('3 passed, 0 failed\n');
  });

  it('names a case that it cannot read and runs the others; a directory without cases is a usage error', () => {
    writeFileSync(fileOf(passing, 'injections.yaml'), 'injections: []\n');
    const { status, stdout } = run(directory);
    expect(status).to.equal(1);
    expect(stdout).to.match(new RegExp(`^✗ ${passing}: .*:1:1: injections: must not be empty\n✓ ${denying}\n`));
    expect(run(join(directory, 'missing'))).to.include({
      status: 2,
      stderr: `error: ${directory}/missing not found\n`,
    });
    for (const name of ['pod.yaml', 'injections.yaml', 'expected.yaml']) rmSync(fileOf(passing, name));
    const { status: wrong, stderr } = run(join(directory, passing));
    expect(wrong).to.equal(2);
    expect(stderr).to.match(/: no directory in it has a pod\.yaml\n$/);
    // `npm test` is the project's own.
    expect(run().stderr).to.contain('(npx . test --help explains it)');
  });
});
