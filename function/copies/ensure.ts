import type { Decision } from '../review/review.ts';
import { brief } from '../review/text.ts';
import type { Cluster } from './config-maps.ts';

/**
 * Makes sure, at a Pod's admission, that the ConfigMaps which a decision names are in the Pod's namespace. The cluster is
 * connected to at the first of them, and only then is the code for it loaded. What fails is a warning and stands in the
 * log; the Pod is allowed all the same and waits for its ConfigMap, as any Pod would.
 */
export function createEnsure(
  connect: () => Promise<Cluster>,
): (decision: Decision, namespace: string, signal: AbortSignal) => Promise<Decision> {
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
  return async (decision, namespace, signal) => {
    const failed = (await Promise.all(decision.ensure.map((name) => copy(namespace, name, signal)))).flat();
    if (failed.length === 0) return decision;
    const warnings = [...(decision.response.warnings ?? []), ...failed];
    return { ...decision, skipped: [...decision.skipped, ...failed], response: { ...decision.response, warnings } };
  };
}
