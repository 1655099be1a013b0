import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { printError } from '../terminal/output.ts';
import type { Progress } from '../terminal/progress.ts';
import { temporaryDirectory } from '../terminal/temporary-directory.ts';
import { cacheDirectory } from './cache-directory.ts';
import { downloadEnvtest, newestPublished } from './envtest.ts';
import { buildGoPrograms } from './go-program.ts';

/** Where the two programs of a control plane are. */
export interface ControlPlane {
  etcd: string;
  kubeApiserver: string;
  /** `Kubernetes 1.37.2, DIRECTORY`, for people. */
  origin: string;
}

/**
 * The version that is wanted, which is built where it is not published: any for whose staging modules (k8s.io/api v0.37.2,
 * …) there is a tag.
 */
export const kubernetesVersion = process.env.KUBERNETES_VERSION ?? '1.37.2';

/** What envtest publishes of that version; of the newest one, where no version is asked for. */
const publishedVersion = newestPublished(process.env.KUBERNETES_VERSION);

/** What the name in the cache ends with where it was built without inlining, and so is too slow to be measured. */
const withoutInlining = '-without-inlining';

/** How to get a control plane where there is none. */
export const waysToGetOne =
  'set KUBEBUILDER_ASSETS to a directory with etcd and kube-apiserver, or ENVTEST_MIRROR to a mirror of its archives, or install Go (https://go.dev/dl), which builds both once';

export interface Search {
  progress: Progress;
  cleanup: AsyncDisposableStack;
  /** Whether its speed is measured: then it is one that was built with inlining. */
  isMeasured?: boolean;
}

/**
 * A real etcd and kube-apiserver, as they are at hand: those of `KUBEBUILDER_ASSETS`, else those of the cache. Throws where
 * KUBEBUILDER_ASSETS does not hold them.
 */
export function controlPlaneAtHand({ isMeasured = false }: Pick<Search, 'isMeasured'> = {}): ControlPlane | undefined {
  const assets = process.env.KUBEBUILDER_ASSETS;
  if (assets) {
    const found = inDirectory(assets, `KUBEBUILDER_ASSETS, ${assets}`);
    if (!found) throw new Error(`KUBEBUILDER_ASSETS: ${assets} does not hold etcd and kube-apiserver`);
    return found;
  }
  return (
    inCache(kubernetesVersion) ??
    (isMeasured ? undefined : inCache(kubernetesVersion, withoutInlining)) ??
    (publishedVersion === undefined ? undefined : inCache(publishedVersion))
  );
}

/**
 * A real etcd and kube-apiserver: those at hand, else envtest's published ones, else built from their Go modules (some 5
 * minutes on 2 cores), both once. Undefined where there is neither of them nor Go; why not is said on stderr.
 * Throws where KUBEBUILDER_ASSETS does not hold them, or the build fails.
 */
export async function findControlPlane(search: Search): Promise<ControlPlane | undefined> {
  const atHand = controlPlaneAtHand(search);
  if (atHand) return atHand;
  try {
    if (publishedVersion !== undefined) {
      await downloadEnvtest(publishedVersion, cacheOf(publishedVersion), search).finally(() => search.progress());
      return inCache(publishedVersion);
    }
  } catch (error) {
    printError(`  ${(error as Error).message}`);
  }
  if (spawnSync('go', ['version']).status !== 0) return undefined;
  const suffix = search.isMeasured ? '' : withoutInlining;
  await build(cacheOf(kubernetesVersion, suffix), search).finally(() => search.progress());
  return inCache(kubernetesVersion, suffix);
}

function cacheOf(version: string, suffix = ''): string {
  return join(cacheDirectory, `kubernetes-${version}${suffix}`);
}

function inCache(version: string, suffix = ''): ControlPlane | undefined {
  const directory = cacheOf(version, suffix);
  return inDirectory(directory, `Kubernetes ${version}, ${directory}`);
}

function inDirectory(directory: string, origin: string): ControlPlane | undefined {
  const found = { etcd: join(directory, 'etcd'), kubeApiserver: join(directory, 'kube-apiserver'), origin };
  return existsSync(found.etcd) && existsSync(found.kubeApiserver) ? found : undefined;
}

/**
 * Builds both into `directory`, which is there only once both are: etcd in the version that Kubernetes' own module
 * requires, so that all but a hundred of its packages are kube-apiserver's, too.
 */
async function build(directory: string, { progress, cleanup, isMeasured = false }: Search): Promise<void> {
  await mkdir(dirname(directory), { recursive: true });
  const out = join(temporaryDirectory(`${directory}.building-`, cleanup), 'bin');
  await buildGoPrograms(
    { module: 'k8s.io/kubernetes', version: kubernetesVersion },
    {
      [join(out, 'etcd')]: 'go.etcd.io/etcd/server/v3',
      [join(out, 'kube-apiserver')]: 'k8s.io/kubernetes/cmd/kube-apiserver',
    },
    { progress, cleanup, inlining: isMeasured },
  );
  await rename(out, directory).catch((error) => {
    // Another build was faster.
    if (!inDirectory(directory, directory)) throw error;
  });
}
