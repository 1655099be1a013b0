import { spawnSync } from 'node:child_process';
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { defaultInstallation } from '../../scripts/install/installation.ts';
import { reaches } from '../../scripts/install/reach.ts';
import { render } from '../../scripts/install/render.ts';
import { temporaryDirectory } from '../../scripts/terminal/temporary-directory.ts';
import { requireKubectl } from '../support/definitions.ts';
import { runGo } from '../support/run-go.ts';

interface Workflow {
  permissions: unknown;
  jobs: Record<string, { permissions?: object; uses?: string; steps?: { uses?: string }[] }>;
}

const files = globSync('.github/workflows/*.yaml').sort();

describe('the workflows of .github', () => {
  const workflows = files.map((file) => ({ file, ...(parse(readFileSync(file, 'utf8')) as Workflow) }));

  it('are valid, as actionlint reads them', function () {
    const linter = 'github.com/rhysd/actionlint/cmd/actionlint@v1.7.12';
    const { status, stdout, stderr } = runGo(this, 'actionlint', ['run', linter, '-no-color', ...files]);
    expect(stdout, stderr).to.equal('');
    expect(status, stderr).to.equal(0);
  });

  it('take the actions of others by digest alone', () => {
    const used = workflows
      .flatMap(({ jobs }) => Object.values(jobs))
      .flatMap(({ uses, steps = [] }) => [uses, ...steps.map((step) => step.uses)])
      .filter((action) => action !== undefined);
    const ours = used.filter((action) => action.startsWith('./'));
    expect(ours).to.deep.equal(['./.github/workflows/ci.yaml']);
    const pinned = used.filter((action) => /^[\w-]+\/[\w-]+@[\da-f]{40}$/.test(action));
    expect(pinned).to.have.members(used.filter((action) => !ours.includes(action)));
    expect(pinned).not.to.have.length(0);
  });

  it('have the permissions that each job needs, and no others', () => {
    expect(workflows.map(({ permissions }) => permissions)).to.deep.equal(workflows.map(() => ({})));
    const permissions = workflows.flatMap(({ file, jobs }) =>
      Object.entries(jobs).map(([job, its]) => [`${file.split('/').at(-1)} ${job}`, its.permissions]),
    );
    expect(Object.fromEntries(permissions)).to.deep.equal({
      'ci.yaml test': { contents: 'read' },
      'release.yaml test': { contents: 'read' },
      'release.yaml image': { contents: 'read', packages: 'write', 'id-token': 'write' },
      'release.yaml program': { contents: 'write', 'id-token': 'write' },
    });
  });

  it('publish, beside the image, the manifests of each way of reaching it', async function () {
    requireKubectl(this);
    await using cleanup = new AsyncDisposableStack();
    const directory = temporaryDirectory(join(tmpdir(), 'hello-webhook-test-'), cleanup);
    const image = `registry.example.com/hello-webhook@sha256:${'a'.repeat(64)}`;
    const run = (...args: string[]) =>
      spawnSync(process.execPath, ['scripts/build/release-assets.ts', ...args], { encoding: 'utf8' });
    const { status, stderr } = run(image, directory);
    expect([status, stderr]).to.deep.equal([0, '']);
    expect(readdirSync(directory)).to.have.members(reaches.map((reach) => `install-${reach}.yaml`));
    for (const reach of reaches) {
      const { manifest } = await render({ ...defaultInstallation, reach, image, components: ['ensure'] }, cleanup);
      expect(readFileSync(join(directory, `install-${reach}.yaml`), 'utf8')).to.equal(manifest);
    }
    expect(run('hello-webhook:latest', directory).status).to.equal(2);
  });
});
