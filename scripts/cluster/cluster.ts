import { printError } from '../terminal/output.ts';
import type { Progress } from '../terminal/progress.ts';
import { loadFunction } from './function-image.ts';
import { functionImage, linkedImage } from './images.ts';
import { applyIssuer, installKnative } from './knative.ts';
import { type Node, startNode } from './node.ts';
import { getProgram, missingPrograms, modules, programsDirectory } from './programs.ts';

/** A cluster with all that the webhook needs before it is deployed. */
export interface Cluster {
  node: Node;
  /** The function's image, on the node. */
  image: string;
  /** One in which /var/run is a link to /run, on the node. */
  linkedImage: string;
}

/** Brings up a cluster, which goes with `cleanup`; says on stderr what is done and how long it took. Throws with the reason and the fix. */
export async function startCluster(
  options: { apiServerDns: boolean },
  work: { progress: Progress; cleanup: AsyncDisposableStack },
): Promise<Cluster> {
  const missing = missingPrograms();
  if (missing.length > 0) {
    printError(`Once, some 20 minutes on 2 cores: ${missing.length} programs into ${programsDirectory}`);
  }
  for (const program of missing) await step(program, work, () => getProgram(program, work));
  const node = await step(`a node, Kubernetes ${modules.kubernetes.version}`, work, () => startNode(options, work));
  const finish = async () => {
    const { certManager, contour, serving } = modules;
    const versions = `cert-manager ${certManager.version}, Knative Serving ${serving.version}, Contour ${contour.version}`;
    await step(versions, work, () => installKnative(node, work));
    await step("the webhook's issuer", work, () => applyIssuer(node.api, work));
    await step("the function's image", work, () => loadFunction(node.namespaces, work));
  };
  await Promise.race([finish(), node.namespaces.failure]);
  return { node, image: functionImage, linkedImage };
}

async function step<T>(title: string, { progress }: { progress: Progress }, work: () => Promise<T>): Promise<T> {
  const started = Date.now();
  const result = await work().finally(() => progress());
  printError(`  ${title}: ${Math.round((Date.now() - started) / 1000)} s`);
  return result;
}
