import { spawnSync } from 'node:child_process';
import { accessSync, constants, globSync } from 'node:fs';
import { commandLine } from '../terminal/command-line.ts';
import { cgroupHierarchies } from './state.ts';

/** What keeps a cluster from being brought up on this machine, and what to do about it. */
export interface MissingRequirement {
  text: string;
  fix: string;
}

/** What is known of a machine. */
export interface Machine {
  platform: NodeJS.Platform;
  isRoot: boolean;
  /** Of the programs that a cluster takes, those that are missing. */
  missing: string[];
  /** Why namespaces, mounts or cgroups cannot be made; undefined where they can. */
  confinement: string | undefined;
}

/** The programs that a node takes from the machine, and the Debian package of each. */
const debianPackages: Record<string, string> = {
  containerd: 'containerd',
  ctr: 'containerd',
  runc: 'runc',
  'CNI plugins': 'containernetworking-plugins',
  busybox: 'busybox-static',
  iptables: 'iptables',
  ip: 'iproute2',
  conntrack: 'conntrack',
  unshare: 'util-linux',
  nsenter: 'util-linux',
  setpriv: 'util-linux',
  tar: 'tar',
  'python3 with venv': 'python3-venv',
};

/** Where the CNI plugins are: Debian's place, and everybody else's. */
export const cniPluginDirectories = ['/usr/lib/cni', '/opt/cni/bin'];

/** Programs that are there where they can be run, and how others are found. */
const tests: Record<string, () => boolean> = {
  'CNI plugins': () => globSync(cniPluginDirectories.map((directory) => `${directory}/bridge`)).length > 0,
  'python3 with venv': () => succeeds('python3', '-c', 'import ensurepip'),
  go: () => succeeds('go', 'version'),
};

/** Looks at this machine. */
export function readMachine(): Machine {
  const { platform } = process;
  const isRoot = process.getuid?.() === 0;
  if (platform !== 'linux' || !isRoot) return { platform, isRoot, missing: [], confinement: undefined };
  const missing = [...Object.keys(debianPackages), 'go'].filter((program) => !isThere(program));
  return { platform, isRoot, missing, confinement: confinement(missing) };
}

/** What is missing on a machine; nothing where a cluster can be brought up. */
export function missingRequirements({ platform, isRoot, missing, confinement }: Machine): MissingRequirement[] {
  const elsewhere = `use a cluster that you have (kind, k3d): ${commandLine('deploy', '--context NAME --image IMAGE')}`;
  if (platform !== 'linux') return [{ text: `it takes Linux, and this is ${platform}`, fix: elsewhere }];
  if (!isRoot) return [{ text: 'it takes root, for namespaces and mounts', fix: `sudo ${commandLine('cluster')}` }];
  const requirements: MissingRequirement[] = [];
  const packages = packagesOf(missing);
  if (packages.length > 0) {
    const text = `not found: ${missing.filter((program) => program !== 'go').join(', ')}`;
    const fix = `apt-get install ${packages.join(' ')}\nor, on Debian and its like: ${commandLine('cluster', '--install-packages')}`;
    requirements.push({ text, fix });
  }
  if (missing.includes('go')) requirements.push({ text: 'not found: go', fix: 'install Go: https://go.dev/dl' });
  if (confinement !== undefined) {
    requirements.push({ text: `it takes namespaces, mounts and cgroups of its own: ${confinement}`, fix: elsewhere });
  }
  return requirements;
}

/** The Debian packages of programs. */
export function packagesOf(programs: readonly string[]): string[] {
  return [...new Set(programs.flatMap((program) => debianPackages[program] ?? []))];
}

/** Installs Debian packages. Throws with what apt-get says where it cannot. */
export function installPackages(packages: readonly string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const args of [['update'], ['install', '--yes', '--no-install-recommends', ...packages]]) {
    const { status, error, stdout, stderr } = spawnSync('apt-get', ['--quiet', ...args], { env, encoding: 'utf8' });
    if (status !== 0) throw new Error(`apt-get ${args.join(' ')} failed: ${error?.message ?? stdout + stderr}`);
  }
}

function isThere(program: string): boolean {
  return tests[program]?.() ?? succeeds('sh', '-c', `command -v ${program}`);
}

function succeeds(command: string, ...args: string[]): boolean {
  return spawnSync(command, args).status === 0;
}

/** A container, for one, may have root and yet no leave to mount, or cgroups that it can only read. */
function confinement(missing: readonly string[]): string | undefined {
  if (missing.includes('unshare') || missing.includes('ip')) return undefined;
  const script = 'mount -t tmpfs tmpfs /run && ip link add probe type bridge';
  const args = ['--mount', '--net', '--pid', '--fork', '--mount-proc', 'sh', '-c', script];
  const { status, stderr } = spawnSync('unshare', args, { encoding: 'utf8' });
  if (status !== 0) return stderr.trim();
  try {
    for (const directory of cgroupHierarchies()) accessSync(directory, constants.W_OK);
  } catch (error) {
    return (error as Error).message;
  }
  return undefined;
}
