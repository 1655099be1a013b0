import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Progress } from '../terminal/progress.ts';
import { temporaryDirectory } from '../terminal/temporary-directory.ts';
import { cacheDirectory } from './cache-directory.ts';
import { buildGoProgram, type GoProgram } from './go-program.ts';

/** Where the two programs of a control plane are. */
export interface ControlPlane {
  etcd: string;
  kubeApiserver: string;
  /** `Kubernetes 1.37.2 from …`, for people. */
  origin: string;
}

/** The version that is built: any for whose staging modules (k8s.io/api v0.37.2, …) there is a tag. */
const kubernetesVersion = process.env.KUBERNETES_VERSION ?? '1.37.2';

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
  const cache = join(cacheDirectory, `kubernetes-${kubernetesVersion}`);
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
  const out = join(temporaryDirectory(`${directory}.building-`, cleanup), 'bin');
  for (const [name, program] of Object.entries(programs)) {
    await buildGoProgram(program, join(out, name), { progress, cleanup });
  }
  await rename(out, directory).catch((error) => {
    // Another build was faster.
    if (!inDirectory(directory, directory)) throw error;
  });
}
