import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import type { Progress } from '../terminal/command.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** Where the two programs of a control plane are. */
export interface ControlPlane {
  etcd: string;
  kubeApiserver: string;
  /** `Kubernetes 1.37.2 from …`, for people. */
  origin: string;
}

/** The version that is built: any for whose staging modules (k8s.io/api v0.37.2, …) there is a tag. */
const kubernetesVersion = process.env.KUBERNETES_VERSION ?? '1.37.2';
const etcdVersion = '3.6.16';

/** How to get a control plane where there is none. */
export const waysToGetOne =
  'set KUBEBUILDER_ASSETS to a directory with etcd and kube-apiserver, or install Go (https://go.dev/dl), which builds both once';

/**
 * A real etcd and kube-apiserver: those of `KUBEBUILDER_ASSETS`, else those of the cache, else built from their Go
 * modules (8 minutes or so on 2 cores, once). Undefined where there is neither of them nor Go.
 * Throws where KUBEBUILDER_ASSETS does not hold them, or the build fails.
 */
export async function findControlPlane(
  progress: Progress,
  cleanup: AsyncDisposableStack,
): Promise<ControlPlane | undefined> {
  const assets = process.env.KUBEBUILDER_ASSETS;
  if (assets) {
    const found = inDirectory(assets, `KUBEBUILDER_ASSETS, ${assets}`);
    if (!found) throw new Error(`KUBEBUILDER_ASSETS: ${assets} does not hold etcd and kube-apiserver`);
    return found;
  }
  const cache = join(
    process.env.XDG_CACHE_HOME || join(homedir(), '.cache'),
    'hello-webhook',
    `kubernetes-${kubernetesVersion}`,
  );
  const origin = `Kubernetes ${kubernetesVersion}, ${cache}`;
  const cached = inDirectory(cache, origin);
  if (cached) return cached;
  if (spawnSync('go', ['version']).status !== 0) return undefined;
  await build(cache, progress, cleanup).finally(() => progress());
  return inDirectory(cache, origin);
}

function inDirectory(directory: string, origin: string): ControlPlane | undefined {
  const found = { etcd: join(directory, 'etcd'), kubeApiserver: join(directory, 'kube-apiserver'), origin };
  return existsSync(found.etcd) && existsSync(found.kubeApiserver) ? found : undefined;
}

/** Builds both into `directory`, which is there only once both are. */
async function build(directory: string, progress: Progress, cleanup: AsyncDisposableStack): Promise<void> {
  await mkdir(dirname(directory), { recursive: true });
  const work = temporaryDirectory(`${directory}.building-`, cleanup);
  const out = join(work, 'bin');
  const build = { work, out, progress, cleanup };
  await buildProgram({ ...build, program: 'go.etcd.io/etcd/server/v3', version: etcdVersion, name: 'etcd' });
  await buildKubeApiserver(build);
  await rename(out, directory).catch((error) => {
    // Another build was faster.
    if (!inDirectory(directory, directory)) throw error;
  });
}

interface Build {
  work: string;
  out: string;
  progress: Progress;
  cleanup: AsyncDisposableStack;
}

/** Kubernetes' go.mod replaces its staging modules by folders that its published module lacks: by the published ones here. */
async function buildKubeApiserver(build: Build): Promise<void> {
  build.progress('downloading k8s.io/kubernetes');
  const { GoMod } = JSON.parse(
    await go(build, build.work, ['mod', 'download', '-json', `k8s.io/kubernetes@v${kubernetesVersion}`]),
  );
  const goMod = await readFile(GoMod, 'utf8');
  const published = kubernetesVersion.replace(/^1/, 'v0');
  const replaces = [...goMod.matchAll(/^\s+(\S+) => \.\/staging\//gm)].map(
    ([, module]) => `replace ${module} => ${module} ${published}`,
  );
  const godebugs = goMod.match(/^godebug .*$/gm) ?? [];
  const [major, minor] = kubernetesVersion.split('.');
  const stamp = { gitVersion: `v${kubernetesVersion}`, gitMajor: major, gitMinor: minor };
  await buildProgram({
    ...build,
    program: 'k8s.io/kubernetes/cmd/kube-apiserver',
    module: 'k8s.io/kubernetes',
    version: kubernetesVersion,
    name: 'kube-apiserver',
    goMod: [...replaces, ...godebugs],
    flags: Object.entries(stamp).map(([variable, value]) => `-X k8s.io/component-base/version.${variable}=${value}`),
  });
}

interface Program extends Build {
  /** The main package; of the module of that name, or of `module`. */
  program: string;
  module?: string;
  version: string;
  name: string;
  goMod?: string[];
  flags?: string[];
}

async function buildProgram(build: Program): Promise<void> {
  const { work, out, progress, program, module = program, version, name, goMod = [], flags = [] } = build;
  const directory = join(work, name);
  await mkdir(directory);
  const lines = ['module build', 'go 1.24.0', `require ${module} v${version}`, ...goMod, ''];
  await writeFile(join(directory, 'go.mod'), lines.join('\n'));
  const label = `building ${name} ${version}`;
  progress(label);
  let packages = 0;
  const ldflags = ['-s', '-w', ...flags].join(' ');
  const args = ['build', '-v', '-mod=mod', '-buildvcs=false', '-trimpath', '-ldflags', ldflags, '-o', join(out, name)];
  await go(build, directory, [...args, program], (line) => {
    if (line.startsWith('go: ')) progress(`${label}: ${line.slice(4)}`);
    else progress(`${label}: ${++packages} packages compiled`);
  });
}

/** Runs `go`, returns its stdout; `onLine` gets each line of its stderr. Throws with the end of stderr when it fails. */
async function go(
  { cleanup }: Build,
  cwd: string,
  args: string[],
  onLine: (line: string) => void = () => {},
): Promise<string> {
  const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '' };
  const child = spawn('go', args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  cleanup.defer(async () => {
    // An interrupt, at which it stops its compilers and removes what it has made.
    if (child.exitCode === null && child.kill('SIGINT')) await once(child, 'close');
  });
  const last: string[] = [];
  createInterface(child.stderr).on('line', (line) => {
    last.push(line);
    if (last.length > 20) last.shift();
    onLine(line);
  });
  const [stdout, [status]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  if (status !== 0) throw new Error(`go ${args.slice(0, 2).join(' ')} failed:\n${last.join('\n')}`);
  return stdout;
}
