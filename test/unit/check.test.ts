import { spawnSync } from 'node:child_process';
import { expect } from 'chai';

const good = 'function/injections/injections.yaml';
const bad = 'test/unit/configuration/no injections/injections.yaml';

describe('npm run check', () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, ['scripts/hello-webhook.ts', 'check', ...args], { encoding: 'utf8' });

  it('says of a sound file how many injections it has', () => {
    const { status, stdout, stderr } = run(good);
    expect([status, stdout, stderr]).to.deep.equal([0, `${good}: 1 injection, no problem\n`, '']);
  });

  it('prints the problems of all files, and ends with 1 where one has any', () => {
    const { status, stdout, stderr } = run(bad, good, '/missing.yaml');
    expect(status).to.equal(1);
    expect(stdout).to.contain(`${good}: 1 injection`);
    expect(stderr).to.match(/^test.*:1:1: injections: must not be empty\n\/missing\.yaml not found\n$/);
  });

  it('finds what Kubernetes would drop from a volume, or take for an empty directory', () => {
    const { status, stderr } = run('test/support/volumes.yaml');
    expect(status).to.equal(1);
    expect(stderr.match(/\S+volumes\.yaml:\d+:\d+: \S+ (is not a field|must be \w+ \w+)/g)).to.deep.equal([
      'test/support/volumes.yaml:4:67: injections[0].volume.configMaps: must be spelt configMap',
      'test/support/volumes.yaml:5:76: injections[1].volume.secret.name: is not a field',
      'test/support/volumes.yaml:5:85: injections[1].volume.secret.defaultMode: must be a whole',
      'test/support/volumes.yaml:6:102: injections[2].volume.projected.sources[0].configMap.nam: is not a field',
      'test/support/volumes.yaml:7:88: injections[3].volume.configMap.items: must be a list',
    ]);
  });

  it('warns of names by which nothing is ever injected', () => {
    const file =
      'test/api-server/doctor/gateway-kourier/an injection names namespaces in which it never is/injections.yaml';
    const { status, stdout } = run(file);
    expect(status).to.equal(0);
    expect(stdout.match(/warning: .*/g)).to.deep.equal([
      "warning: injection platform: nothing is injected anywhere: the platform's namespaces (kube-system) are always left out",
      'warning: injection swallowed: nothing is injected anywhere: namespaces.exclude leaves out all of namespaces.include',
      'warning: injection without-containers: containers.include has app in vain, since containers.exclude leaves that out',
    ]);
  });

  it('warns of selectors that nothing can meet', () => {
    const file = 'test/support/injections/contradictory-selectors.yaml';
    const { status, stdout } = run(file);
    expect(status).to.equal(0);
    expect(stdout.match(/warning: .*/g)).to.deep.equal([
      'warning: injection in-and-not-in: selector selects no Pod: label app must be "a", and must not be "a"',
      'warning: injection set-and-not-set: selector selects no Pod: label app must be set, and must not be set',
      'warning: injection equal-and-not-in: selector selects no Pod: label app must be "1", and must not be one of "0", "1"',
      'warning: injection of-two: selector selects no Pod: label b must be "1", and must be "2"',
      'warning: injection of-namespaces: namespaceSelector selects no namespace: label team must be "a", and must not be set',
    ]);
  });

  it('says for which injections the function is called for nothing, since no webhook selects namespaces by globs', () => {
    const file =
      'test/api-server/doctor/gateway-kourier/an entry leaves out the namespace that an injection is for/injections.yaml';
    const { status, stdout } = run(file);
    expect(status).to.equal(0);
    expect(stdout).to.contain(
      `${file}: injection dns: the function is called for nothing in namespaces that globs leave out`,
    );
    expect(stdout).not.to.contain('injection hello: the function is called for nothing');
  });

  it('warns of what may surprise, and calls the file sound', () => {
    const file = 'manifests/examples/image.yaml';
    const { status, stdout } = run(file);
    expect(status).to.equal(0);
    expect(stdout).to.contain(`${file}: warning: injection dictionary: `);
  });

  it('explains itself, and ends with 2 where it is called wrongly', () => {
    expect(run('--help')).to.include({ status: 0, stderr: '' });
    for (const args of [[], ['--strict', good]]) {
      const { status, stderr } = run(...args);
      expect(status).to.equal(2);
      expect(stderr).to.contain('npm run check -- --help');
    }
  });
});
