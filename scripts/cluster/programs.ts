import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDirectory } from '../local/cache-directory.ts';
import { type Build, buildGoProgram } from '../local/go-program.ts';
import { envoyVersion, fetchEnvoy } from './envoy.ts';

/**
 * The published Go modules that a cluster is built from, all versions in one place. Kubernetes 1.34 is the last one that
 * containerd 1.6, Debian's, and cgroup v1 are good for; later cert-managers have their programs in modules of their own,
 * which are not published.
 */
export const modules = {
  kubernetes: { module: 'k8s.io/kubernetes', version: '1.34.4' },
  etcd: { module: 'go.etcd.io/etcd/server/v3', version: '3.6.16' },
  coredns: { module: 'github.com/coredns/coredns', version: '1.14.4' },
  serving: { module: 'knative.dev/serving', version: '0.42.2' },
  netGatewayApi: { module: 'knative.dev/net-gateway-api', version: '0.42.0' },
  contour: { module: 'github.com/projectcontour/contour', version: '1.29.1' },
  certManager: { module: 'github.com/cert-manager/cert-manager', version: '1.11.5' },
};

/** The module of each program, and the place of its main package there. */
const goPrograms = {
  etcd: ['etcd', ''],
  'kube-apiserver': ['kubernetes', '/cmd/kube-apiserver'],
  'kube-controller-manager': ['kubernetes', '/cmd/kube-controller-manager'],
  'kube-scheduler': ['kubernetes', '/cmd/kube-scheduler'],
  kubelet: ['kubernetes', '/cmd/kubelet'],
  'kube-proxy': ['kubernetes', '/cmd/kube-proxy'],
  coredns: ['coredns', ''],
  'serving-controller': ['serving', '/cmd/controller'],
  'serving-webhook': ['serving', '/cmd/webhook'],
  'serving-activator': ['serving', '/cmd/activator'],
  'serving-autoscaler': ['serving', '/cmd/autoscaler'],
  'serving-queue': ['serving', '/cmd/queue'],
  'net-gateway-api-controller': ['netGatewayApi', '/cmd/controller'],
  contour: ['contour', '/cmd/contour'],
  'cert-manager-controller': ['certManager', '/cmd/controller'],
  'cert-manager-cainjector': ['certManager', '/cmd/cainjector'],
  'cert-manager-webhook': ['certManager', '/cmd/webhook'],
} as const satisfies Record<string, readonly [keyof typeof modules, string]>;

export type ProgramName = keyof typeof goPrograms | 'envoy';

/** Where the programs are kept, a file each: `kubelet-1.34.4`. */
export const programsDirectory = join(cacheDirectory, 'cluster');

export function versionOf(program: ProgramName): string {
  return program === 'envoy' ? envoyVersion : modules[goPrograms[program][0]].version;
}

export function fileOf(program: ProgramName): string {
  return join(programsDirectory, `${program}-${versionOf(program)}`);
}

/** The programs that are not in the cache, in the order in which they are built. */
export function missingPrograms(): ProgramName[] {
  const all = [...Object.keys(goPrograms), 'envoy'] as ProgramName[];
  return all.filter((program) => !existsSync(fileOf(program)));
}

/** Gets a program into the cache: builds it of its Go module, or fetches it. Throws with the tool's output. */
export async function getProgram(program: ProgramName, build: Build): Promise<void> {
  if (program === 'envoy') return fetchEnvoy(fileOf(program), build);
  const [name, place] = goPrograms[program];
  const { module, version } = modules[name];
  await buildGoProgram({ package: module + place, module, version }, fileOf(program), build);
}
