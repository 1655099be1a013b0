import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { constants, setPriority, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import type { Progress } from '../terminal/progress.ts';
import { temporaryDirectory } from '../terminal/temporary-directory.ts';

/** A published Go module. */
export interface GoModule {
  /** `k8s.io/kubernetes`. */
  module: string;
  /** `1.37.2`. */
  version: string;
}

/** A program of a published Go module. */
export interface GoProgram extends GoModule {
  /** Its main package: `k8s.io/kubernetes/cmd/kube-apiserver`. */
  package: string;
}

export interface Build {
  progress: Progress;
  cleanup: AsyncDisposableStack;
  /**
   * Whether the compiler may inline. Without, it is done in a quarter less time, and the program is slower: for what
   * nobody measures.
   */
  inlining?: boolean;
}

/** Builds a program into `file`, which is there only once it is complete. Throws with the end of the compiler's output. */
export async function buildGoProgram(program: GoProgram, file: string, build: Build): Promise<void> {
  await buildGoPrograms(program, { [file]: program.package }, build);
}

/**
 * Builds programs in one go, which compiles once what they share: each file of `packages` from its main package, which is
 * of the module or of one that the module requires, in the version that it requires. The files, of one directory, are
 * there only once all are complete. Throws with the end of the compiler's output.
 */
export async function buildGoPrograms(
  { module, version }: GoModule,
  packages: Readonly<Record<string, string>>,
  build: Build,
): Promise<void> {
  const files = Object.keys(packages);
  const [firstFile = ''] = files;
  const mainPackages = Object.values(packages);
  await mkdir(dirname(firstFile), { recursive: true });
  // Gone at the end already: the directory may be moved then.
  await using atEnd = new AsyncDisposableStack();
  const work = temporaryDirectory(`${firstFile}.building-`, atEnd);
  const names = files.map((file) => basename(file, `-${version}`)).join(', ');
  const label = `building ${names} ${version}`;
  build.progress(label);
  const { goMod } = await downloadGoModule(module, version, build);
  await writeFile(join(work, 'go.mod'), buildingModule({ module, version }, await readFile(goMod, 'utf8')));
  const showDownload = (line: string) => build.progress(`${label}: ${line.replace(/^go: /, '')}`);
  // Downloads them, too.
  const listed = await go(['list', '-mod=mod', '-deps', ...mainPackages], work, build, showDownload);
  const total = listed.trim().split('\n').length;
  // Those that the compiler's cache has are not named, and not counted.
  let compiled = 0;
  const options = [
    ...['-v', '-mod=mod', '-buildvcs=false', '-trimpath'],
    ...(build.inlining === false ? ['-gcflags=all=-l'] : []),
    ...['-ldflags', ['-s', '-w', ...versionFlags({ module, version })].join(' ')],
  ];
  const built = join(work, 'built');
  await go(['build', ...options, '-o', `${built}/`, ...mainPackages], work, build, (line) => {
    if (line.startsWith('go: ')) showDownload(line);
    else build.progress(`${label}: ${++compiled} of ${total} packages compiled`);
  });
  for (const [file, mainPackage] of Object.entries(packages)) await rename(join(built, programName(mainPackage)), file);
}

/** The name that `go build` gives a program: the last element of its package that is no version. */
function programName(mainPackage: string): string {
  return basename(mainPackage.replace(/\/v\d+$/, ''));
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
function buildingModule({ module, version }: GoModule, published: string): string {
  const staging = [...published.matchAll(/^\s+(\S+) => \.\/staging\//gm)].map(
    ([, name]) => `replace ${name} => ${name} ${version.replace(/^1/, 'v0')}`,
  );
  const godebugs = published.match(/^godebug .*$/gm) ?? [];
  return ['module build', 'go 1.24.0', `require ${module} v${version}`, ...staging, ...godebugs, ''].join('\n');
}

/** The version that Kubernetes' programs say they are: without these, v0.0.0-master. */
function versionFlags({ module, version }: GoModule): string[] {
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
  // Whatever runs beside it goes first, such as the tests that need none of it.
  if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
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
