import type { Decision } from '../review/review.ts';
import { brief } from '../review/text.ts';
import type { Cluster } from './config-maps.ts';
import { platformNamespaces } from './platform-namespaces.ts';

/**
 * Makes sure, at a Pod's admission, that the ConfigMaps which a decision names are in the Pod's namespace, and that
 * copies are up to date. The cluster is
 * connected to at the first of them, and only then is the code for it loaded. What fails is a warning and stands in the
 * log; the Pod is allowed all the same and waits for its ConfigMap, as any Pod would. Nothing is copied to where the
 * webhook would not be called, whoever calls, and no warning tells what is in a namespace, or whether there is one.
 */
export function createEnsure(
  connect: () => Promise<Access>,
): (decision: Decision, namespace: string, signal: AbortSignal) => Promise<Decision> {
  let connected: Promise<Access> | undefined;
  const copy = async (namespace: string, name: string, signal: AbortSignal): Promise<Failure[]> => {
    const because = (reason: string) => brief(`ConfigMap ${name} is not ensured: ${reason}`);
    try {
      connected ??= connect();
      const reason = await (await connected).ensureConfigMap(namespace, name, signal);
      return reason === undefined ? [] : [{ text: because(reason), isForLogOnly: true }];
    } catch (error) {
      return [{ text: because((error as Error).message), isForLogOnly: false }];
    }
  };
  return async (decision, namespace, signal) => {
    if (!isServed(namespace)) return decision;
    const failed = (await Promise.all(decision.ensure.map((name) => copy(namespace, name, signal)))).flat();
    if (failed.length === 0) return decision;
    const skipped = [...decision.skipped, ...failed.map(({ text }) => text)];
    const told = failed.filter(({ isForLogOnly }) => !isForLogOnly).map(({ text }) => text);
    if (told.length === 0) return { ...decision, skipped };
    const warnings = [...(decision.response.warnings ?? []), ...told];
    return { ...decision, skipped, response: { ...decision.response, warnings } };
  };
}

type Access = Pick<Cluster, 'ensureConfigMap'>;

interface Failure {
  text: string;
  isForLogOnly: boolean;
}

/** Whether the webhook is called for a namespace. A name is part of a path of the API only where it is a DNS label. */
function isServed(namespace: string): boolean {
  return /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(namespace) && !platformNamespaces.has(namespace);
}
