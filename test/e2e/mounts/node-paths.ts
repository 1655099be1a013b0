import type { V1Container, V1PodSpec, V1Volume, V1VolumeMount } from '@kubernetes/client-node';
import type { Trial } from './trials.ts';

/** Something mounted at, below or around what a Pod does not spell out. */
export interface NodePath {
  title: string;
  shape: Shape;
  mount: V1VolumeMount;
  spec: Partial<V1PodSpec>;
  container: Partial<V1Container>;
}

/** What is mounted: a folder that cannot be written, a file, a folder that can. */
type Shape = keyof typeof shapes;

const shapes = {
  configMap: { name: 'inner' },
  file: { name: 'inner', subPath: 'own' },
  emptyDir: { name: 'scratch' },
};

export const nodePathVolumes: V1Volume[] = [
  { name: 'inner', configMap: { name: 'inner' } },
  { name: 'scratch', emptyDir: {} },
];

const token = '/var/run/secrets/kubernetes.io/serviceaccount';
const otherToken = '/run/secrets/kubernetes.io/serviceaccount';

/** In any image. */
export const nodePaths: readonly NodePath[] = [
  ...trialsAt(
    ['configMap', 'file'],
    [
      ...['/etc/hosts', '/etc/hostname', '/etc/resolv.conf'].flatMap((path) => [path, `${path}/x`]),
      ...['/proc/x', '/proc/meminfo', '/sys/x', '/dev/x', '/dev/shm/x'],
      ...['/dev/termination-log', '/dev/termination-log/x'],
    ],
  ),
  ...trialsAt(
    ['configMap', 'emptyDir'],
    ['/etc', '/dev', '/proc', '/sys', '/sys/kernel', '/sys/fs/cgroup', '/dev/shm', '/dev/pts', '/dev/mqueue'],
  ),
  ...trialsAt(['configMap'], ['/dev/pts/x', '/dev/mqueue/x']),
  ...trialsAt(['file'], ['/dev/null', '/dev/zero', '/dev/stdout']),
  ...trialsAt(['configMap'], ['/dev/fd']),
  ...trialsAt(['configMap', 'file', 'emptyDir'], ['/job', '/job/message', '/job/message/x'], {
    context: 'the message at /job/message',
    container: { terminationMessagePath: '/job/message' },
  }),
  ...trialsAt(['file'], ['/dev/termination-log'], {
    context: 'the message at /job/message',
    container: { terminationMessagePath: '/job/message' },
  }),
];

/** With `/var/run` apart from `/run`, or a link to it. */
export const runPaths: readonly NodePath[] = [
  ...trialsAt(['configMap', 'file', 'emptyDir'], [token, `${token}/x`, otherToken, `${otherToken}/x`], {
    context: 'a token',
    spec: { automountServiceAccountToken: true },
  }),
  ...trialsAt(
    ['configMap', 'emptyDir'],
    ['/var', ...['/var/run', '/run'].flatMap((path) => [path, `${path}/secrets`, `${path}/secrets/kubernetes.io`])],
    { context: 'a token', spec: { automountServiceAccountToken: true } },
  ),
  ...trialsAt(['configMap', 'emptyDir'], ['/run', '/var/run'], {
    context: 'the message at /run/message',
    container: { terminationMessagePath: '/run/message' },
  }),
];

function trialsAt(
  wanted: readonly Shape[],
  paths: readonly string[],
  { context, spec = {}, container = {} }: { context?: string } & Partial<Pick<NodePath, 'spec' | 'container'>> = {},
): NodePath[] {
  return paths.flatMap((mountPath) =>
    wanted.map((shape) => ({
      title: context ? `${mountPath}, with ${context}` : mountPath,
      shape,
      mount: { ...shapes[shape], mountPath },
      spec,
      container,
    })),
  );
}

/** What every container has. */
const demands = {
  '/etc/hosts is hidden': 'grep -q localhost /etc/hosts',
  '/etc/hostname is hidden': '[ "$(cat /etc/hostname)" = "$HOSTNAME" ]',
  '/etc/resolv.conf is hidden': 'grep -q nameserver /etc/resolv.conf',
  '/proc is hidden': '[ -e /proc/self/status ]',
  '/sys is hidden': '[ -d /sys/kernel/mm ]',
  '/sys/fs/cgroup is hidden': 'ls /sys/fs/cgroup | grep -qv own',
  '/dev/null is hidden': 'echo > /dev/null',
  '/dev/zero is hidden': '[ -c /dev/zero ]',
  '/dev/fd is hidden': '[ -e /dev/fd/1 ]',
  '/dev/stdout is hidden': '[ -L /dev/stdout ]',
  '/dev/pts is hidden': '[ -c /dev/pts/ptmx ]',
  '/dev/mqueue is hidden': 'grep " /dev/mqueue " /proc/mounts | tail -n 1 | grep -q "mqueue mqueue"',
  '/dev/shm cannot be written': 'echo > /dev/shm/x.written',
};

export function nodePathTrial({ shape, mount, spec, container }: NodePath, name: string, image: string): Trial {
  const file = shape === 'configMap' ? `${mount.mountPath}/own` : mount.mountPath;
  const hasToken = spec.automountServiceAccountToken === true;
  return {
    name,
    spec: { ...spec, volumes: nodePathVolumes },
    container: { ...container, image, volumeMounts: [mount] },
    demands: {
      ...demands,
      'what is mounted is hidden': shape === 'emptyDir' ? `echo > ${file}/written` : `[ "$(cat ${file})" = inner ]`,
      ...(hasToken && { 'the token is hidden': `[ -s ${token}/token ]` }),
    },
  };
}
