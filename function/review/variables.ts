import type { V1Container, V1EnvVar } from '@kubernetes/client-node';
import { few } from './path-index.ts';
import { isAsDeclared } from './volume-comparison.ts';

type Variables = Pick<V1Container, 'env' | 'envFrom'>;

/** What a container has by the name of a variable: this very one, as the API server stores it, another, or none. */
export function variableIn({ env }: Variables, variable: V1EnvVar): 'ours' | 'another' | 'none' {
  const there = lastNamed(env ?? [], variable.name);
  if (!there) return 'none';
  return isAsDeclared(variable, there, 'env') ? 'ours' : 'another';
}

type Env = readonly V1EnvVar[];

/** Of each list of many variables those that count, by name, for as long as a review has the list. */
const indexes = new WeakMap<Env, Map<string, V1EnvVar>>();

/** Of two variables with one name, the last counts. */
function lastNamed(env: Env, name: string): V1EnvVar | undefined {
  if (env.length <= few) return env.findLast((variable) => variable.name === name);
  const index = indexes.get(env) ?? new Map(env.map((variable) => [variable.name, variable]));
  indexes.set(env, index);
  return index.get(name);
}

/** A container with one variable more. */
export function withVariable<C extends Variables>(container: C, variable: V1EnvVar): C {
  const env = container.env ?? [];
  const more = [...env, variable];
  const index = indexes.get(env);
  if (index) {
    // It is of one list only: the longer one is gone on with.
    indexes.delete(env);
    indexes.set(more, index.set(variable.name, variable));
  }
  return { ...container, env: more };
}

/**
 * The variables that a text refers to by `$(NAME)`; `$$(NAME)` is an escape.
 * Source: k8s.io/kubernetes third_party/forked/golang/expansion.
 */
export function referencesIn(text: string): string[] {
  if (!text.includes('$')) return [];
  return [...text.matchAll(/\$(\$|\(([^()]*)\))/g)].flatMap(([, , name]) => name || []);
}

/**
 * The first of these variables that a container surely lacks: neither in its own env nor, since nobody knows what is in
 * there, possibly in envFrom or one of those that Kubernetes sets for Services.
 */
export function missingVariable({ env, envFrom }: Variables, names: readonly string[]): string | undefined {
  if (names.length === 0 || envFrom?.length) return undefined;
  return names.find((name) => !lastNamed(env ?? [], name) && !isServiceVariable(name));
}

/** `REDIS_SERVICE_HOST`, `REDIS_SERVICE_PORT_HTTP`, `REDIS_PORT_6379_TCP`: k8s.io/kubernetes pkg/kubelet/envvars. */
function isServiceVariable(name: string): boolean {
  return /_(SERVICE_HOST|SERVICE_PORT|PORT)(_|$)/.test(name);
}
