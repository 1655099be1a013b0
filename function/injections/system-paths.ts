import type { V1Volume, V1VolumeMount } from '@kubernetes/client-node';
import { isFolder, nestingConflict } from '../review/nesting.ts';
import { isInside, normalPath } from '../review/path.ts';

/**
 * What the kubelet and the container runtime mount, or make, in every container of every Pod. Mounted there, a volume
 * hides it, or keeps the container from starting: nesting.yaml has what was seen.
 */
const systemPaths = [
  '/proc',
  '/sys',
  '/dev/pts',
  '/dev/mqueue',
  ...['null', 'zero', 'full', 'random', 'urandom', 'tty', 'console', 'ptmx'].map((name) => `/dev/${name}`),
  ...['fd', 'stdin', 'stdout', 'stderr', 'core'].map((name) => `/dev/${name}`),
  '/etc/hosts',
  '/etc/hostname',
  '/etc/resolv.conf',
];

/** Files on which runc lets others be mounted, for lxcfs (github.com/opencontainers/runc libcontainer checkProcMount). */
const replaceable: ReadonlySet<string> = new Set([
  ...['cpuinfo', 'diskstats', 'meminfo', 'stat', 'swaps', 'uptime', 'loadavg', 'slabinfo'].map(
    (name) => `/proc/${name}`,
  ),
  '/proc/sys/kernel/ns_last_pid',
  '/proc/sys/crypto/fips_enabled',
]);

/**
 * Why a volume cannot be mounted at its path in any container, in words that follow the field `mountPath`, or undefined
 * where it can. Where a container may differ (its termination message, its ServiceAccount's token), a review decides.
 */
export function systemPathProblem(volume: V1Volume, mount: V1VolumeMount): string | undefined {
  const path = normalPath(mount.mountPath);
  if (path === '/dev') return 'must not be /dev, which the container runtime fills: mount below it';
  if (replaceable.has(path) && !isFolder({ volume, mount })) return undefined;
  const system = systemPaths.find((one) => one === path || isInside(path, one));
  if (system) return `must not be ${system} or below: every container has that from its node`;
  if (path === '/dev/shm' && !takesFiles(volume, mount))
    return 'must not be /dev/shm, unless the volume can be written';
  if (path === '/etc' && !takesFiles(volume, mount)) {
    return 'must not be /etc, unless the volume can be written: /etc/hosts is mounted in it';
  }
  return undefined;
}

/** Whether the runtime can mount a single file in it. */
function takesFiles(volume: V1Volume, mount: V1VolumeMount): boolean {
  const file: V1VolumeMount = { name: 'file', mountPath: `${mount.mountPath}/hosts`, subPath: 'hosts' };
  return nestingConflict({ volume, mount }, { volume: { name: 'file', emptyDir: {} }, mount: file }) === undefined;
}
