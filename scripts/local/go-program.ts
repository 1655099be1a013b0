import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import type { Progress } from '../terminal/progress.ts';
import { temporaryDirectory } from '../terminal/temporary-directory.ts';

/** A program of a published Go module. */
export interface GoProgram {
  /** Its main package: `k8s.io/kubernetes/cmd/kube-apiserver`. */
  package: string;
  /** `k8s.io/kubernetes`. */
  module: string;
  /** `1.37.2`. */
  version: string;
}

export interface Build {
  progress: Progress;
  cleanup: AsyncDisposableStack;
}

/** Builds a program into `file`, which is there only once it is complete. Throws with the end of the compiler's output. */
export async function buildGoProgram(program: GoProgram, file: string, build: Build): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const work = temporaryDirectory(`${file}.building-`, build.cleanup);
  const label = `building ${program.package} ${program.version}`;
  build.progress(label);
  const { goMod } = await downloadGoModule(program.module, program.version, build);
  await writeFile(join(work, 'go.mod'), buildingModule(program, await readFile(goMod, 'utf8')));
  let packages = 0;
  const built = join(work, 'program');
  const ldflags = ['-s', '-w', ...versionFlags(program)].join(' ');
  const args = ['build', '-v', '-mod=mod', '-buildvcs=false', '-trimpath', '-ldflags', ldflags, '-o', built];
  await go([...args, program.package], work, build, (line) => {
    if (line.startsWith('go: ')) build.progress(`${label}: ${line.slice(4)}`);
    else build.progress(`${label}: ${++packages} packages compiled`);
  });
  await rename(built, file);
}

/** Where the module cache has a published module: its files, and its go.mod; downloaded where they are missing. */
export async function downloadGoModule(
  module: string,
  version: string,
  build: Build,
): Promise<{ directory: string; goMod: string }> {
  const args = ['mod', 'download', '-json', `${module}@v${version}`];
  const { Dir, GoMod } = JSON.parse(await go(args, tmpdir(), build));
  return { directory: Dir, goMod: GoMod };
}

/**
 * The go.mod of a module that builds the program. Kubernetes' own replaces its staging modules by folders that its
 * published module lacks: by the published modules here, k8s.io/api v0.37.2 for 1.37.2.
 */
function buildingModule({ module, version }: GoProgram, published: string): string {
  const staging = [...published.matchAll(/^\s+(\S+) => \.\/staging\//gm)].map(
    ([, name]) => `replace ${name} => ${name} ${version.replace(/^1/, 'v0')}`,
  );
  const godebugs = published.match(/^godebug .*$/gm) ?? [];
  return ['module build', 'go 1.24.0', `require ${module} v${version}`, ...staging, ...godebugs, ''].join('\n');
}

/** The version that Kubernetes' programs say they are: without these, v0.0.0-master. */
function versionFlags({ module, version }: GoProgram): string[] {
  if (module !== 'k8s.io/kubernetes') return [];
  const [major, minor] = version.split('.');
  const stamp = { gitVersion: `v${version}`, gitMajor: major, gitMinor: minor };
  return Object.entries(stamp).map(([variable, value]) => `-X k8s.io/component-base/version.${variable}=${value}`);
}

/** Runs `go`, returns its stdout; `onLine` gets each line of its stderr. Throws with the end of stderr when it fails. */
async function go(
  args: string[],
  cwd: string,
  { cleanup }: Build,
  onLine: (line: string) => void = () => {},
): Promise<string> {
  // The compilers have little garbage and much to allocate: 400 instead of 100 saves a seventh of their time.
  const env = { GOGC: '400', ...process.env, CGO_ENABLED: '0', GOFLAGS: '' };
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
