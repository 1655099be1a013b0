import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createImageArchive } from '../../scripts/cluster/image-archive.ts';
import { withSettings } from '../../scripts/cluster/knative-settings.ts';
import { fileOf, modules } from '../../scripts/cluster/programs.ts';
import { type Machine, missingRequirements, packagesOf } from '../../scripts/cluster/requirements.ts';
import { temporaryDirectory } from '../../scripts/terminal/temporary-directory.ts';

const good: Machine = { platform: 'linux', isRoot: true, missing: [], confinement: undefined };

describe('what a cluster needs', () => {
  it('is there: nothing is in its way', () => {
    expect(missingRequirements(good)).to.deep.equal([]);
  });

  it('is not there on another system, nor without root: only that is said', () => {
    expect(missingRequirements({ ...good, platform: 'darwin', isRoot: false }).map(({ text }) => text)).to.deep.equal([
      'it takes Linux, and this is darwin',
    ]);
    expect(missingRequirements({ ...good, isRoot: false })).to.deep.equal([
      { text: 'it takes root, for namespaces and mounts', fix: 'sudo npm run cluster' },
    ]);
  });

  it('has missing programs named, and the Debian packages that have them', () => {
    const missing = ['containerd', 'ctr', 'CNI plugins', 'go'];
    expect(packagesOf(missing)).to.deep.equal(['containerd', 'containernetworking-plugins']);
    const [packages, go] = missingRequirements({ ...good, missing });
    expect(packages?.text).to.equal('not found: containerd, ctr, CNI plugins');
    expect(packages?.fix).to.match(/^apt-get install containerd containernetworking-plugins$/m);
    expect(go).to.deep.equal({ text: 'not found: go', fix: 'install Go: https://go.dev/dl' });
  });

  it('has the reason named why a container cannot have one', () => {
    const [requirement] = missingRequirements({
      ...good,
      confinement: 'unshare: unshare failed: Operation not permitted',
    });
    expect(requirement?.text).to.contain('Operation not permitted');
    expect(requirement?.fix).to.contain('npm run deploy -- --context NAME');
  });
});

describe("a cluster's programs", () => {
  it('are kept by their versions: another version is another file', () => {
    expect(fileOf('kubelet')).to.match(new RegExp(`/hello-webhook/cluster/kubelet-${modules.kubernetes.version}$`));
    expect(fileOf('envoy')).to.match(/\/envoy-\d+\.\d+\.\d+$/);
  });
});

describe("an image of the machine's files", () => {
  it('holds them below its one layer, with links, libraries, entrypoint, cmd and user', async function () {
    if (process.platform !== 'linux') this.skip();
    await using cleanup = new AsyncDisposableStack();
    const directory = temporaryDirectory(join(tmpdir(), 'hello-webhook-test-'), cleanup);
    mkdirSync(join(directory, 'app'), { mode: 0o700 });
    writeFileSync(join(directory, 'app/start.sh'), 'hello');
    const archive = await createImageArchive(
      {
        name: 'dev.local/app:1',
        files: { '/usr/local/bin/shell': '/bin/sh', '/app': join(directory, 'app') },
        links: { '/bin/sh': '/usr/local/bin/shell' },
        entrypoint: ['/bin/sh', '/app/start.sh'],
        cmd: ['--quietly'],
        env: ['NODE_ENV=production'],
        user: '65532',
      },
      directory,
      cleanup,
    );
    const unpacked = unpack(archive, join(directory, 'unpacked'));
    const [entry] = JSON.parse(readFileSync(join(unpacked, 'manifest.json'), 'utf8'));
    const text = readFileSync(join(unpacked, entry.Config), 'utf8');
    const { config, rootfs, os } = JSON.parse(text);
    const layer = join(unpacked, entry.Layers[0]);
    expect(entry.RepoTags).to.deep.equal(['dev.local/app:1']);
    expect(entry.Config).to.equal(`${sha256(text)}.json`);
    expect(rootfs.diff_ids).to.deep.equal([`sha256:${sha256(readFileSync(layer))}`]);
    expect({ os, ...config }).to.deep.include({
      os: 'linux',
      Entrypoint: ['/bin/sh', '/app/start.sh'],
      Cmd: ['--quietly'],
      User: '65532',
    });
    expect(config.Env).to.include('NODE_ENV=production');
    const root = unpack(layer, join(directory, 'root'));
    expect(readFileSync(join(root, 'app/start.sh'), 'utf8')).to.equal('hello');
    expect(statSync(join(root, 'app')).mode & 0o777, 'for the user to read').to.equal(0o755);
    expect(readlinkSync(join(root, 'bin/sh'))).to.equal('/usr/local/bin/shell');
    expect(readFileSync(join(root, 'usr/local/bin/shell'))).to.deep.equal(readFileSync('/bin/sh'));
    expect(statSync(join(root, 'tmp')).mode & 0o7777).to.equal(0o1777);
    const libraries = [...execFileSync('ldd', ['/bin/sh'], { encoding: 'utf8' }).matchAll(/(\/\S+) \(0x/g)];
    expect(libraries).to.not.have.length(0);
    for (const [, library = ''] of libraries) expect(existsSync(join(root, library)), library).to.equal(true);
  });

  function unpack(archive: string, directory: string): string {
    mkdirSync(directory);
    execFileSync('tar', ['--extract', '--same-permissions', '--file', archive, '--directory', directory]);
    return directory;
  }

  function sha256(content: string | Buffer): string {
    return createHash('sha256').update(content).digest('hex');
  }
});

describe("a cluster's own settings", () => {
  it("replace Knative's images wherever they stand, and leave what is no image", () => {
    const image = `dev.local/serving-queue:${modules.serving.version}`;
    const object = withSettings({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'config-deployment', namespace: 'knative-serving' },
      data: { 'queue-sidecar-image': 'ko://knative.dev/serving/cmd/queue', _example: 'ko://example' },
    });
    expect(object.data).to.deep.equal({
      'queue-sidecar-image': image,
      _example: 'ko://example',
      'registries-skipping-tag-resolving': 'dev.local',
    });
  });

  it('take the liveness probe and the version from cert-manager, whose program is older than its manifest, and from nothing else', () => {
    const deployment = (namespace: string) => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'cert-manager', namespace },
      spec: {
        template: {
          spec: { containers: [{ image: 'quay.io/jetstack/cert-manager-controller:v1.14.4', livenessProbe: {} }] },
        },
      },
    });
    const image = `dev.local/cert-manager-controller:${modules.certManager.version}`;
    const containers = (namespace: string) => withSettings(deployment(namespace)).spec;
    expect(containers('cert-manager')).to.deep.equal({ template: { spec: { containers: [{ image }] } } });
    const labels = { 'app.kubernetes.io/version': `v${modules.certManager.version}` };
    expect(withSettings(deployment('cert-manager')).metadata).to.deep.include({ labels });
    expect(withSettings(deployment('other')).metadata).not.to.have.property('labels');
    expect(containers('other')).to.deep.equal({ template: { spec: { containers: [{ image, livenessProbe: {} }] } } });
  });
});
