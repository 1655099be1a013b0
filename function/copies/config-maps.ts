import { existsSync } from 'node:fs';
import { KubeConfig, type V1ConfigMap } from '@kubernetes/client-node';
import { apiOf, type Component } from './api.ts';
import { type CopyState, copyOf, isCopyFrom, stateOf } from './copy.ts';
import type { Namespace } from './namespaces.ts';

/** How long a ConfigMap that was seen is taken to be there, and up to date: a rollout makes many Pods in a few seconds. */
const seenMs = 10_000;

/** More copies than these do not wait for the few connections that there are. */
const maxQueued = 100;

/** How many of those that were seen are remembered. */
const maxSeen = 10_000;

/** The longest that the API server waits for a webhook: no copy is worth more. */
const copyMs = 30_000;

const token = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/** Copies ConfigMaps from the function's own namespace into others. */
export interface Cluster {
  /**
   * Makes sure that a ConfigMap is in a namespace. Of those that are there, a copy that is out of date is brought up to
   * date, unless somebody has changed it or it is immutable; any other stays as it is. Calls for the same one share the
   * work. Throws an Error for people where it cannot be had from anywhere, also once `signal` says that time is up; what
   * only a namespace's state is to blame for, whether there is one at all, is returned, for the log.
   */
  ensureConfigMap(namespace: string, name: string, signal: AbortSignal): Promise<string | undefined>;
  /**
   * Brings the copies of a ConfigMap up to date in the namespaces that it is ensured in, one after the other, and yields what
   * each is, or was before it was `updated`; Errors are what failed in one namespace. Throws an Error where the source is
   * missing.
   */
  syncConfigMap(name: string, isEnsuredIn: (namespace: Namespace) => boolean): AsyncGenerator<Synced, void>;
}

/** A copy, by its namespace, and how it is, beside its source. */
export interface Synced {
  namespace: string;
  outcome: CopyState | 'updated' | Error;
}

/** Connects as KUBECONFIG says, or as the Pod's ServiceAccount. Throws an Error where there is neither. */
export function connectToCluster(env: NodeJS.ProcessEnv, component: Component = 'ensure'): Cluster {
  const config = new KubeConfig();
  if (env.KUBECONFIG) loadFromFile(config, env.KUBECONFIG);
  else if (existsSync(token)) config.loadFromCluster();
  else throw new Error(`the function has no access to the API: apply the component ${component}`);
  const own = config.getContextObject(config.getCurrentContext())?.namespace ?? 'default';
  const api = apiOf(config, component);
  const seen = new Map<string, number>();
  const underWay = new Map<string, Promise<string | undefined>>();
  const sourceOf = async (name: string, signal: AbortSignal): Promise<V1ConfigMap> => {
    const source = await api.read(own, name, signal);
    if (source) return source;
    throw new Error(`there is no ConfigMap ${name} in ${own} to copy`);
  };
  /** Undefined for a ConfigMap that is not our copy. */
  const update = async (
    there: V1ConfigMap,
    wanted: V1ConfigMap,
    signal: AbortSignal,
  ): Promise<CopyState | 'updated' | undefined> => {
    const state = isCopyFrom(there, own) ? stateOf(there, wanted) : undefined;
    if (state !== 'out of date') return state;
    return (await api.apply(wanted, there, signal)) ? 'updated' : 'changed';
  };
  const ensure = async (namespace: string, name: string): Promise<string | undefined> => {
    const signal = AbortSignal.timeout(copyMs);
    // Both in any case: what is said of the source must not depend on what is in the namespace.
    const there = await api.read(namespace, name, signal);
    const wanted = copyOf(await sourceOf(name, signal), namespace);
    const failure = await (there ? update(there, wanted, signal) : api.apply(wanted, undefined, signal)).then(
      () => undefined,
      (error: Error) => error.message,
    );
    if (failure) return failure;
    if (seen.size >= maxSeen) seen.clear();
    seen.set(`${namespace}/${name}`, Date.now() + seenMs);
    return undefined;
  };
  const syncIn = async (namespace: string, source: V1ConfigMap): Promise<Synced | undefined> => {
    const signal = AbortSignal.timeout(copyMs);
    try {
      const there = await api.read(namespace, source.metadata?.name ?? '', signal);
      const outcome = there && (await update(there, copyOf(source, namespace), signal));
      return outcome && { namespace, outcome };
    } catch (error) {
      return { namespace, outcome: error as Error };
    }
  };
  return {
    ensureConfigMap: async (namespace, name, signal) => {
      const key = `${namespace}/${name}`;
      if (namespace === own || (seen.get(key) ?? 0) > Date.now()) return undefined;
      if (!underWay.has(key) && underWay.size >= maxQueued) throw new Error('too many ConfigMaps are being copied');
      const work = underWay.get(key) ?? ensure(namespace, name).finally(() => underWay.delete(key));
      underWay.set(key, work);
      return Promise.race([work, untilAborted(signal)]);
    },
    syncConfigMap: async function* (name, isEnsuredIn) {
      const signal = AbortSignal.timeout(copyMs);
      const source = await sourceOf(name, signal);
      const namespaces = (await api.namespaces(signal)).filter(isEnsuredIn).map((namespace) => namespace.name);
      for (const namespace of namespaces.filter((one) => one !== own)) {
        const synced = await syncIn(namespace, source);
        if (synced) yield synced;
      }
    },
  };
}

/** Throws without the reason: the parser's message quotes the file, with its token, and goes into a Pod's warning. */
function loadFromFile(config: KubeConfig, file: string): void {
  try {
    config.loadFromFile(file);
  } catch {
    throw new Error('the kubeconfig that KUBECONFIG names cannot be read');
  }
}

/** Rejects once time is up: each caller's own, however long the work that it shares goes on. */
function untilAborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  const giveUp = () => reject(new Error('the API server did not answer in time'));
  if (signal.aborted) giveUp();
  else signal.addEventListener('abort', giveUp, { once: true });
  return promise;
}
