import { brief } from '../review/labels.ts';
import type { Review } from '../review/review.ts';
import type { Cluster } from './config-maps.ts';

/**
 * Makes sure, at a Pod's admission, that the ConfigMaps which a review names are in the Pod's namespace. The cluster is
 * connected to at the first of them, and only then is the code for it loaded. What fails is a warning and stands in the
 * log; the Pod is allowed all the same and waits for its ConfigMap, as any Pod would.
 */
export function createCopies(
  connect: () => Promise<Cluster>,
): (decided: Review, namespace: string, signal: AbortSignal) => Promise<Review> {
  let connected: Promise<Cluster> | undefined;
  const copy = async (namespace: string, name: string, signal: AbortSignal): Promise<string[]> => {
    try {
      connected ??= connect();
      await (await connected).ensureConfigMap(namespace, name, signal);
      return [];
    } catch (error) {
      return [brief(`ConfigMap ${name} is not ensured: ${(error as Error).message}`)];
    }
  };
  return async (decided, namespace, signal) => {
    const failed = (await Promise.all(decided.ensure.map((name) => copy(namespace, name, signal)))).flat();
    if (failed.length === 0) return decided;
    const warnings = [...(decided.response.warnings ?? []), ...failed];
    return { ...decided, skipped: [...decided.skipped, ...failed], response: { ...decided.response, warnings } };
  };
}
