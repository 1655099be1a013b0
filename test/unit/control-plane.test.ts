import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { startChild } from '../../scripts/local/child.ts';
import { freePorts } from '../../scripts/local/free-ports.ts';
import { temporaryDirectory } from '../../scripts/terminal/temporary-directory.ts';

describe('the search for a control plane', () => {
  const cleanup = new AsyncDisposableStack();
  let directory: string;
  let cache: string;
  let calls: string;
  let env: NodeJS.ProcessEnv;
  beforeEach(async () => {
    directory = temporaryDirectory(join(tmpdir(), 'hello-webhook-test-'), cleanup);
    cache = join(directory, 'cache/hello-webhook');
    calls = join(directory, 'calls');
    writeFileSync(calls, '');
    const programs = join(directory, 'bin');
    mkdirSync(programs);
    writeFileSync(join(programs, 'go'), go(directory));
    chmodSync(join(programs, 'go'), 0o755);
    writeFileSync(join(directory, 'go.mod'), goMod);
    const [closed] = await freePorts(1);
    env = {
      PATH: [programs, dirname(process.execPath), '/usr/bin', '/bin'].join(':'),
      XDG_CACHE_HOME: join(directory, 'cache'),
      ENVTEST_MIRROR: `http://127.0.0.1:${closed}`,
    };
  });
  after(() => cleanup.disposeAsync());

  /** What a search in a process of its own prints: the origin, and what it says meanwhile. */
  async function search(isMeasured = false): Promise<string> {
    await using stack = new AsyncDisposableStack();
    const script = `
      import { findControlPlane } from './scripts/local/control-plane.ts';
      await using cleanup = new AsyncDisposableStack();
      const found = await findControlPlane({ progress: () => {}, cleanup, isMeasured: ${isMeasured} });
      console.log('origin:', found?.origin);`;
    const child = startChild(process.execPath, ['--input-type=module', '-e', script], { cleanup: stack, env });
    await child.exit;
    return child.lines.join('\n');
  }

  function putPrograms(place: string): void {
    mkdirSync(place, { recursive: true });
    for (const name of ['etcd', 'kube-apiserver']) writeFileSync(join(place, name), '');
  }

  const goBuilds = () =>
    readFileSync(calls, 'utf8')
      .split('\n')
      .filter((call) => call.startsWith('build '));

  it('takes those of KUBEBUILDER_ASSETS before those of the cache, which need neither a download nor Go', async () => {
    putPrograms(join(cache, 'kubernetes-1.37.2'));
    expect(await search()).to.equal(`origin: Kubernetes 1.37.2, ${cache}/kubernetes-1.37.2`);
    env.KUBEBUILDER_ASSETS = join(directory, 'assets');
    expect(await search()).to.contain(`KUBEBUILDER_ASSETS: ${directory}/assets does not hold etcd and kube-apiserver`);
    putPrograms(env.KUBEBUILDER_ASSETS);
    expect(await search()).to.equal(`origin: KUBEBUILDER_ASSETS, ${directory}/assets`);
    expect(readFileSync(calls, 'utf8')).to.equal('');
  });

  it('takes what was downloaded earlier', async () => {
    putPrograms(join(cache, 'kubernetes-1.36.2'));
    expect(await search()).to.equal(`origin: Kubernetes 1.36.2, ${cache}/kubernetes-1.36.2`);
  });

  it('builds both at once where the download fails, which it says, and takes that the next time', async () => {
    const built = `origin: Kubernetes 1.37.2, ${cache}/kubernetes-1.37.2-without-inlining`;
    const [failure, origin] = (await search()).split('\n');
    expect(failure).to.match(/envtest-v1\.36\.2-\S+\.tar\.gz cannot be downloaded: ECONNREFUSED$/);
    expect(origin).to.equal(built);
    const [build = ''] = goBuilds();
    expect(build).to.contain('-gcflags=all=-l').and.to.contain('gitVersion=v1.37.2');
    expect(build).to.match(/ go\.etcd\.io\/etcd\/server\/v3 k8s\.io\/kubernetes\/cmd\/kube-apiserver$/);
    expect(readdirSync(cache)).to.deep.equal(['kubernetes-1.37.2-without-inlining']);
    expect(readdirSync(join(cache, 'kubernetes-1.37.2-without-inlining'))).to.deep.equal(['etcd', 'kube-apiserver']);
    expect(await search()).to.equal(built);
    expect(goBuilds()).to.have.length(1);
  });

  it('measures none that was built without inlining', async () => {
    putPrograms(join(cache, 'kubernetes-1.37.2-without-inlining'));
    expect((await search(true)).split('\n').at(-1)).to.equal(`origin: Kubernetes 1.37.2, ${cache}/kubernetes-1.37.2`);
    expect(goBuilds().join()).not.to.contain('-gcflags');
  });

  it('builds the version that KUBERNETES_VERSION names, where envtest publishes another', async () => {
    env.KUBERNETES_VERSION = '1.35.4';
    expect(await search()).to.equal(`origin: Kubernetes 1.35.4, ${cache}/kubernetes-1.35.4-without-inlining`);
  });

  it('says why not where that fails, too', async () => {
    env.GO_BUILD_FAILS = 'yes';
    expect(await search())
      .to.contain('go build -v failed:')
      .and.to.contain('no space left on device');
  });
});

/** What the go.mod of Kubernetes' published module has of its staging modules. */
const goMod = 'module k8s.io/kubernetes\n\nreplace (\n\tk8s.io/api => ./staging/src/k8s.io/api\n)\n';

/** A `go` that writes down how it is called, and compiles nothing. */
function go(directory: string): string {
  return `#!/bin/sh
[ "$1" = version ] && exit
echo "$*" >>'${directory}/calls'
case "$1" in
  mod) echo '{"Dir": "${directory}", "GoMod": "${directory}/go.mod"}' ;;
  list) printf 'one\\ntwo\\n' ;;
  build)
    if [ -n "$GO_BUILD_FAILS" ]; then echo 'no space left on device' >&2; exit 1; fi
    grep -q 'replace k8s.io/api => k8s.io/api v0' go.mod || exit 1
    while [ "$1" != -o ]; do shift; done
    mkdir -p "$2" && touch "$2/server" "$2/kube-apiserver"
    ;;
esac
`;
}
