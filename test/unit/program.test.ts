import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, cpSync, globSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { bundleProgram } from '../../scripts/build/bundle-program.ts';
import { startChild } from '../../scripts/local/child.ts';
import { temporaryDirectory } from '../../scripts/terminal/temporary-directory.ts';
import { requireKubectl } from '../support/definitions.ts';
import { writeKubeconfig } from '../support/kubeconfig.ts';
import { listen } from '../support/listen.ts';

const project = JSON.parse(readFileSync('package.json', 'utf8')) as {
  bin: string;
  version: string;
  scripts: Record<string, string>;
};

describe('hello-webhook, bundled, outside the tree', () => {
  const cleanup = new AsyncDisposableStack();
  let directory: string;
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [join(directory, project.bin), ...args], {
      cwd: directory,
      env: { KUBECONFIG: '/nowhere' },
      encoding: 'utf8',
    });

  const install = async (released?: string) => {
    const place = temporaryDirectory(join(tmpdir(), 'hello-webhook-test-'), cleanup);
    cpSync(project.bin, join(place, project.bin));
    await bundleProgram(join(place, 'dist'), released);
    return place;
  };

  before(async () => {
    directory = await install();
  });
  after(() => cleanup.disposeAsync());

  it('lists its commands, each of which `npm run` has, and its exit statuses', () => {
    const { status, stdout, stderr } = run('--help');
    expect([status, stderr]).to.deep.equal([0, '']);
    const commands = commandsIn(stdout);
    const known = 'demo check inject test render deploy doctor explain sync undeploy cluster'.split(' ');
    expect(commands).to.include.members(known);
    // `npm test` is the project's own.
    for (const name of commands.filter((command) => command !== 'test'))
      expect(project.scripts[name]).to.equal(`sh scripts/build/setup.sh && exec node scripts/hello-webhook.ts ${name}`);
    for (const status of ['0', '1', '2', '3', '4', '75', '128+n'])
      expect(stdout).to.match(new RegExp(`^  ${status.replace('+', '\\+')} +\\S`, 'm'));
  });

  it('lists for each command the exit statuses that it has', () => {
    const statusesOf = (name: string) =>
      [...run(name, '--help').stdout.matchAll(/^ {2}([\dn+]+) {2,}\S/gm)].map(([, one]) => one);
    expect(Object.fromEntries(commandsIn(run('--help').stdout).map((name) => [name, statusesOf(name)]))).to.deep.equal({
      demo: ['0', '1', '2', '3', '128+n'],
      check: ['0', '1', '2', '128+n'],
      inject: ['0', '1', '2', '3', '4', '128+n'],
      test: ['0', '1', '2', '128+n'],
      render: ['0', '1', '2', '128+n'],
      deploy: ['0', '1', '2', '128+n'],
      doctor: ['0', '1', '2', '3', '128+n'],
      explain: ['0', '1', '2', '128+n'],
      sync: ['0', '1', '2', '128+n'],
      undeploy: ['0', '1', '2', '128+n'],
      cluster: ['0', '1', '2', '75', '128+n'],
    });
  });

  it('ends quietly where whoever reads its help has gone', async () => {
    const child = spawn(process.execPath, [join(directory, project.bin), '--help']);
    child.stdout.destroy();
    const [stderr, [status]] = await Promise.all([text(child.stderr), once(child, 'close')]);
    expect([status, stderr]).to.deep.equal([141, '']);
  });

  it('names the Node that it needs where it is run by an older one', () => {
    const older = 'data:text/javascript,delete globalThis.AsyncDisposableStack';
    const args = ['--import', older, join(directory, project.bin), 'check', 'good.yaml'];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect(stderr).to.equal(`hello-webhook needs Node.js 24.x: this is ${process.version}\n`);
    expect(status).to.equal(1);
  });

  it('renders the image of its release by default, or of another, or none', async function () {
    requireKubectl(this);
    const released = `registry.example.com/hello-webhook@sha256:${'a'.repeat(64)}`;
    const own = await install(released);
    cpSync('manifests', join(own, 'manifests'), { recursive: true });
    const images = (program: string, ...args: string[]) => {
      const all = ['render', '--reach', 'gateway-kourier', ...args];
      const { stdout } = spawnSync(process.execPath, [join(program, project.bin), ...all], { encoding: 'utf8' });
      expect(stdout).to.match(/^kind: MutatingWebhookConfiguration$/m);
      return [...stdout.matchAll(/^\s*(?:- )?image: (.*)$/gm)].map(([, image]) => image);
    };
    expect(images(own)).to.deep.equal([released]);
    expect(images(own, '--image', 'mine:1')).to.deep.equal(['mine:1']);
    expect(images(own, '--no-image')).to.deep.equal([]);
  });

  it('says its version', () => {
    expect(run('--version')).to.include({ status: 0, stdout: `${project.version}\n` });
  });

  it('checks files of injections where it is called', () => {
    copyFileSync('function/injections/injections.yaml', join(directory, 'good.yaml'));
    copyFileSync('test/support/volumes.yaml', join(directory, 'bad.yaml'));
    expect(run('check', 'good.yaml')).to.include({ status: 0, stdout: 'good.yaml: 1 injection, no problem\n' });
    const { status, stderr } = run('check', 'bad.yaml');
    expect(status).to.equal(1);
    expect(stderr).to.contain('bad.yaml:4:67: injections[0].volume.configMaps: must be spelt configMap');
  });

  it('names its commands, and its manifests, as they are typed there', async () => {
    await using stack = new AsyncDisposableStack();
    const kubeconfig = await startEmptyApiServer(directory, stack);
    for (const [npmCommand, program] of [
      ['', 'hello-webhook'],
      ['exec', 'npx hello-webhook'],
    ] as const) {
      const doctor = startChild(process.execPath, [join(directory, project.bin), 'doctor', '-n', 'elsewhere'], {
        cleanup: stack,
        cwd: directory,
        env: { KUBECONFIG: kubeconfig, npm_command: npmCommand },
      });
      expect(await doctor.exit).to.equal(1);
      const lines = doctor.lines.map((line) => line.trim());
      expect(lines).to.include.members([
        `${program} deploy -n elsewhere`,
        'kubectl apply -k manifests/platform/issuer',
      ]);
      expect(doctor.lines.join('\n')).not.to.contain('npm run');
    }
    const names = commandsIn(run('--help').stdout);
    for (const name of names)
      expect(run(name, '--help').stdout).to.contain(`Usage: hello-webhook ${name}`).and.not.to.contain('npm run');
    const sources = globSync(join(directory, 'dist/program/*.mjs')).map((file) => readFileSync(file, 'utf8'));
    const ofTheProgram = new RegExp(`npm run (${names.join('|')})\\b`);
    expect(sources.join(), 'commandLine() writes how a command is called').not.to.match(ofTheProgram);
    expect(run('deploy', '--wrong').stderr).to.contain('(hello-webhook deploy --help explains it)');
  });

  it('has the client of a cluster', () => {
    const { status, stderr } = run('doctor');
    expect(stderr).to.match(/^error: the kubeconfig cannot be read: ENOENT.*\/nowhere/);
    expect(status).to.equal(2);
  });

  it('ends with 2, on stderr alone, where it is called without a command or with one it does not have', () => {
    for (const args of [[], ['deplyo']]) {
      const { status, stdout, stderr } = run(...args);
      expect([status, stdout]).to.deep.equal([2, '']);
      expect(stderr).to.match(args.length === 0 ? /^Usage: hello-webhook/ : /unknown command 'deplyo'.*\n.*deploy/);
    }
  });
});

/** The commands that the program's help lists. */
function commandsIn(help: string): string[] {
  return [...help.matchAll(/^ {2}([a-z]+) (?:\[options\]|<\w+(?:\.\.\.)?>)/gm)].map(([, name = '']) => name);
}

/** An API server that serves nothing but its version; the path of its kubeconfig. */
async function startEmptyApiServer(directory: string, cleanup: AsyncDisposableStack): Promise<string> {
  const server = createServer((request, response) => {
    response.writeHead(request.url === '/version' ? 200 : 404, { 'Content-Type': 'application/json' }).end('{}');
  });
  const port = await listen(server, cleanup);
  const file = join(directory, 'kubeconfig.json');
  writeKubeconfig(file, `http://127.0.0.1:${port}`);
  return file;
}
