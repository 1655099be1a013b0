import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Progress } from '../terminal/progress.ts';
import { temporaryDirectory } from '../terminal/temporary-directory.ts';
import { cacheDirectory } from './cache-directory.ts';
import { downloadEnvtest, publishedVersion } from './envtest.ts';
import { buildGoProgram, type GoProgram } from './go-program.ts';

/** Where the two programs of a control plane are. */
export interface ControlPlane {
  etcd: string;
  kubeApiserver: string;
  /** `Kubernetes 1.37.2 from …`, for people. */
  origin: string;
}

/** The version that is wanted, which is built where it is not published: any for whose staging modules (k8s.io/api v0.37.2, …) there is a tag. */
export const kubernetesVersion = process.env.KUBERNETES_VERSION ?? '1.37.2';

const programs: Record<string, GoProgram> = {
  etcd: { package: 'go.etcd.io/etcd/server/v3', module: 'go.etcd.io/etcd/server/v3', version: '3.6.16' },
  'kube-apiserver': {
    package: 'k8s.io/kubernetes/cmd/kube-apiserver',
    module: 'k8s.io/kubernetes',
    version: kubernetesVersion,
  },
};

/** How to get a control plane where there is none. */
export const waysToGetOne =
  'set KUBEBUILDER_ASSETS to a directory with etcd and kube-apiserver, or ENVTEST_MIRROR to a mirror of its archives, or install Go (https://go.dev/dl), which builds both once';

/**
 * A real etcd and kube-apiserver, as they are at hand: those of `KUBEBUILDER_ASSETS`, else those of the cache. Throws where
 * KUBEBUILDER_ASSETS does not hold them.
 */
export function controlPlaneAtHand(): ControlPlane | undefined {
  const assets = process.env.KUBEBUILDER_ASSETS;
  if (assets) {
    const found = inDirectory(assets, `KUBEBUILDER_ASSETS, ${assets}`);
    if (!found) throw new Error(`KUBEBUILDER_ASSETS: ${assets} does not hold etcd and kube-apiserver`);
    return found;
  }
  return inCache(kubernetesVersion) ?? (published === undefined ? undefined : inCache(published));
}

/**
 * A real etcd and kube-apiserver: those at hand, else envtest's published ones, else built from their Go modules (some 6
 * minutes on 2 cores), both once. Undefined where there is neither of them nor Go; why not is said on stderr.
 * Throws where KUBEBUILDER_ASSETS does not hold them, or the build fails.
 */
export async function findControlPlane(
  progress: Progress,
  cleanup: AsyncDisposableStack,
): Promise<ControlPlane | undefined> {
  const atHand = controlPlaneAtHand();
  if (atHand) return atHand;
  try {
    if (published !== undefined) {
      await downloadEnvtest(published, cacheOf(published), { progress, cleanup }).finally(() => progress());
      return inCache(published);
    }
  } catch (error) {
    console.error(`  ${(error as Error).message}`);
  }
  if (spawnSync('go', ['version']).status !== 0) return undefined;
  await build(cacheOf(kubernetesVersion), progress, cleanup).finally(() => progress());
  return inCache(kubernetesVersion);
}

const published = publishedVersion(kubernetesVersion, { isExact: process.env.KUBERNETES_VERSION !== undefined });

function cacheOf(version: string): string {
  return join(cacheDirectory, `kubernetes-${version}`);
}

function inCache(version: string): ControlPlane | undefined {
  return inDirectory(cacheOf(version), `Kubernetes ${version}, ${cacheOf(version)}`);
}

function inDirectory(directory: string, origin: string): ControlPlane | undefined {
  const found = { etcd: join(directory, 'etcd'), kubeApiserver: join(directory, 'kube-apiserver'), origin };
  return existsSync(found.etcd) && existsSync(found.kubeApiserver) ? found : undefined;
}

/** Builds both into `directory`, which is there only once both are. */
async function build(directory: string, progress: Progress, cleanup: AsyncDisposableStack): Promise<void> {
  await mkdir(dirname(directory), { recursive: true });
  const out = join(temporaryDirectory(`${directory}.building-`, cleanup), 'bin');
  await Promise.all(
    Object.entries(programs).map(([name, program]) => buildGoProgram(program, join(out, name), { progress, cleanup })),
  );
  await rename(out, directory).catch((error) => {
    // Another build was faster.
    if (!inDirectory(directory, directory)) throw error;
  });
}
