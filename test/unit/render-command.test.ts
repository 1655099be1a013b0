import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { checkOverlay } from '../../scripts/install/check-overlay.ts';
import { entriesOf } from '../../scripts/install/webhook-configuration.ts';
import { parseManifest } from '../../scripts/kubernetes/manifest.ts';
import { describeOutside, injections, kustomized } from '../support/overlay.ts';

const example = 'manifests/examples/overlay';
const options = [
  ...['--reach', 'gateway-kourier', '--injections', `${example}/injections.yaml`],
  ...['--name', 'file-injector', '--namespace', 'platform-hooks'],
  ...['--image', 'registry.example.com/platform/hello-webhook:v0.1.0'],
];

describeOutside('hello-webhook render', (outside) => {
  it('prints the same bytes for the same options, needs no cluster, and has the webhook configuration last', () => {
    const [first, second] = [succeed(...options), succeed(...options)];
    expect(second).to.equal(first);
    const objects = parseManifest(first, 'the output');
    expect(objects[0]?.kind).to.equal('Namespace');
    expect(objects.at(-1)?.kind).to.equal('MutatingWebhookConfiguration');
  });

  it('takes each of its options', () => {
    const more = ['--no-ensure', '--fail-closed', '--always-warm', '--network-policy', '--gateway-namespace', 'edge'];
    const objects = parseManifest(succeed(...options, ...more), 'the output');
    expect(objects.filter(({ kind }) => kind === 'ClusterRole')).to.deep.equal([]);
    const [entry] = objects.flatMap(entriesOf);
    expect(entry).to.deep.include({ name: 'company-ca.file-injector.platform-hooks.svc', failurePolicy: 'Fail' });
    expect(entry?.clientConfig.service).to.include({ name: 'file-injector', namespace: 'edge' });
    expect(JSON.stringify(objects)).to.contain('"autoscaling.knative.dev/min-scale":"1"');
    expect(objects.filter(({ kind }) => kind === 'NetworkPolicy')).to.have.length(1);
    const monitored = parseManifest(succeed(...options, '--monitoring'), 'the output');
    expect(monitored.map(({ kind }) => kind)).to.include('PrometheusRule');
    expect(objects.map(({ kind }) => kind)).not.to.include('PrometheusRule');
    const withoutImage = parseManifest(succeed('--reach', 'cluster-local-url'), 'the output');
    expect(withoutImage.filter(({ apiVersion }) => apiVersion.startsWith('serving.'))).to.deep.equal([]);
  });

  it("has the webhook configuration call with a caller's token, which a file holds, and nothing else has it", () => {
    const file = join(outside.folder.path, 'token');
    const token = 'swordfish'.repeat(8);
    writeFileSync(file, `${token}\n`);
    const objects = parseManifest(succeed(...options, '--caller-token', file), 'the output');
    const holding = objects.filter((object) => JSON.stringify(object).includes(token));
    expect(holding.map(({ kind }) => kind)).to.deep.equal(['MutatingWebhookConfiguration']);
    for (const { clientConfig } of objects.flatMap(entriesOf))
      expect(clientConfig.service?.path).to.equal(`/mutate/${token}`);
    writeFileSync(file, 'pike');
    const { status, stderr } = run(...options, '--caller-token', file);
    expect(status).to.equal(2);
    expect(stderr).to.contain(`${file} must hold a token`).and.not.to.contain('pike');
  });

  it('writes the same into a directory, with a kustomization, and the webhook configuration in a folder of its own', async () => {
    const objects = parseManifest(succeed(...options), 'the output');
    expect(succeed(...options, '--output', outside.folder.path)).to.equal('');
    expect(await kustomized(outside.folder.path)).to.deep.equal(objects);
    expect(readdirSync(outside.folder.path).sort()).to.deep.equal(['function', 'kustomization.yaml', 'webhook']);
    const within = (name: string) => parseManifest(outside.folder.read(`${name}/manifests.yaml`), name);
    expect([...within('function'), ...within('webhook')]).to.deep.equal(objects);
    expect(within('webhook').map(({ kind }) => kind)).to.deep.equal(['MutatingWebhookConfiguration']);
  });

  it('says what it has written, and what comes next', () => {
    const { path } = outside.folder;
    expect(run(...options, '--output', path).stderr).to.equal(
      `Written to ${path}: kustomization.yaml, function/manifests.yaml, webhook/manifests.yaml\nNext: kubectl apply -k ${path}, or commit it\n`,
    );
    expect(run(...options, '--output', path, '--manifests', outside.folder.manifest('.')).stderr).to.equal(
      `Written to ${path}: kustomization.yaml, injections.yaml, webhooks.yaml\nNext: npm run check -- ${path}, and kubectl apply -k ${path}, or commit it\n`,
    );
  });

  it('says that it has no Knative Service where no image is given, unless that is asked for', () => {
    const { status, stderr } = run('--reach', 'gateway-kourier', '--name', 'mine');
    expect(status).to.equal(0);
    expect(stderr).to.equal(
      'No --image IMAGE: there is no Knative Service; func or kn are to make it, mine in hello-system (--no-image says so)\n',
    );
    expect(run('--reach', 'gateway-kourier', '--no-image').stderr).to.equal('');
  });

  it('writes again what it has written, and leaves the files of others as they are', () => {
    succeed(...options, '--output', outside.folder.path);
    succeed(...options, '--always-warm', '--output', outside.folder.path);
    expect(outside.folder.read('function/manifests.yaml')).to.contain('min-scale: "1"');
    writeFileSync(join(outside.folder.path, 'kustomization.yaml'), 'resources: []\n');
    const { status, stderr } = run(...options, '--output', outside.folder.path);
    expect(stderr)
      .to.contain(`${outside.folder.path}/kustomization.yaml`)
      .and.to.contain('not written by render before');
    expect(status).to.equal(1);
    expect(outside.folder.read('kustomization.yaml')).to.equal('resources: []\n');
  });

  it('writes an overlay that takes the manifests from a URL, as the example has it', () => {
    const text = readFileSync(`${example}/injections.yaml`, 'utf8');
    writeFileSync(join(outside.folder.path, 'injections.yaml'), text);
    const url = 'https://github.com/example/hello-webhook//manifests?ref=v0.1.0';
    succeed(...options, '--output', outside.folder.path, '--manifests', url);
    const written = parse(outside.folder.read('kustomization.yaml'));
    const { images, patches, ...rest } = parse(readFileSync(`${example}/kustomization.yaml`, 'utf8'));
    const [{ newName, newTag, name }] = images;
    expect(written).to.deep.equal({
      ...rest,
      images: [{ name, newName: `${newName}:${newTag}` }],
      patches: [patches[0], { ...patches[1], patch: `${patches[1].patch}\n` }],
    });
    expect(parse(outside.folder.read('webhooks.yaml'))).to.deep.equal(
      parse(readFileSync(`${example}/webhooks.yaml`, 'utf8')),
    );
    expect(outside.folder.read('injections.yaml')).to.equal(text);
  });

  it('writes an overlay in which nothing is missing, and which renders to the same', async () => {
    succeed(...options, '--output', outside.folder.path, '--manifests', outside.folder.manifest('.'));
    expect(await checkOverlay(outside.folder.path)).to.deep.equal({ problems: [], warnings: [] });
    expect(await kustomized(outside.folder.path)).to.deep.equal(parseManifest(succeed(...options), 'the output'));
  });

  it('writes, as the README has it, an overlay of its own in a repository outside the tree, and what check says holds', async () => {
    const [, readme = ''] = /```sh\nnpm run render -- (.*?)\n```/s.exec(readFileSync('README.md', 'utf8')) ?? [];
    const values: Readonly<Record<string, string>> = {
      IMAGE: 'registry.example.com/mine:v1',
      DIRECTORY: 'overlay',
      "'https://github.com/OWNER/hello-webhook//manifests?ref=v0.1.0'": `../${outside.folder.manifest('.')}`,
    };
    const words = readme.split(/[\s\\]+/).map((word) => values[word] ?? word);
    expect(words).to.include.members(Object.values(values));
    outside.folder.write('injections.yaml', injections);
    execFileSync(process.execPath, [resolve('scripts/hello-webhook.ts'), 'render', ...words], {
      cwd: outside.folder.path,
      env: { ...process.env, INIT_CWD: outside.folder.path },
      stdio: 'pipe',
    });
    expect(await checkOverlay(join(outside.folder.path, 'overlay'))).to.deep.equal({ problems: [], warnings: [] });
    const objects = await kustomized(join(outside.folder.path, 'overlay'));
    expect(objects.flatMap(entriesOf).map(({ name }) => name)).to.deep.equal([
      'company-ca.file-injector.platform-hooks.svc',
      'scratch.file-injector.platform-hooks.svc',
    ]);
  });

  it('keeps strings that YAML may take for something else', () => {
    const values = ['yes', 'n', 'null', '1e3', '0o7', '010', '1_000', '0x1F', '2020-01-01'];
    const own = values.map((value, index) => ({
      name: `injection-${index}`,
      selector: { matchExpressions: [{ key: value, operator: 'In', values: [value] }] },
      volume: { name: 'scratch', emptyDir: {} },
      mount: { mountPath: `/scratch/${index}` },
    }));
    writeFileSync(join(outside.folder.path, 'own.json'), JSON.stringify({ injections: own }));
    const output = succeed('--reach', 'gateway-kourier', '--injections', join(outside.folder.path, 'own.json'));
    const selectors = parseManifest(output, 'the output')
      .flatMap(entriesOf)
      .map(({ objectSelector }) => objectSelector);
    expect(selectors).to.deep.equal(own.map(({ selector }) => selector));
    expect(output).to.contain('- "0o7"');
  });

  for (const [title, args, status, message] of [
    ['without a way', ['--image', 'mine'], 2, "required option '--reach <way>' not specified"],
    [
      'with another way',
      ['--reach', 'gateway'],
      2,
      'Allowed choices are cluster-local-url, gateway-kourier, gateway-contour, gateway-istio',
    ],
    [
      'with the manifests by an absolute path',
      [...options, '--output', '/tmp/of/ours', '--manifests', '/tmp/of/manifests'],
      2,
      'error: kustomize takes no absolute path: give --manifests ../manifests, the path from /tmp/of/ours, or a URL',
    ],
    [
      'with a schedule for a function of func or kn',
      ['--reach', 'gateway-kourier', '--no-image', '--sync'],
      2,
      'error: --sync needs --image IMAGE: it is for a function that func or kn do not make',
    ],
    ['with an overlay on stdout', [...options, '--manifests', 'x'], 2, 'error: --manifests needs --output DIRECTORY'],
    ['without the file', ['--reach', 'gateway-kourier', '--injections', 'missing.yaml'], 1, 'missing.yaml not found\n'],
    [
      'with invalid injections',
      ['--reach', 'gateway-kourier', '--injections', 'test/unit/configuration/an empty file/injections.yaml'],
      1,
      'test/unit/configuration/an empty file/injections.yaml:1:1: the file: is empty: must begin with injections:',
    ],
  ] as const) {
    it(`says what is wrong with a call ${title}`, () => {
      const ended = run(...args);
      expect(ended.stderr).to.contain(message);
      expect(ended.status).to.equal(status);
      expect(ended.stdout).to.equal('');
    });
  }
});

function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const env = { ...process.env, KUBECONFIG: '/nowhere' };
  return spawnSync(process.execPath, ['scripts/hello-webhook.ts', 'render', ...args], { encoding: 'utf8', env });
}

function succeed(...args: string[]): string {
  const { status, stdout, stderr } = run(...args);
  if (status !== 0) throw new Error(`render ${args.join(' ')} ended with ${status}: ${stderr}`);
  return stdout;
}
