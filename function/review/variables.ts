import type { V1Container, V1EnvVar } from '@kubernetes/client-node';
import { isAsDeclared } from './volume-comparison.ts';

type Variables = Pick<V1Container, 'env' | 'envFrom'>;

/** What a container has by the name of a variable: this very one, as the API server stores it, another, or none. */
export function variableIn({ env }: Variables, variable: V1EnvVar): 'ours' | 'another' | 'none' {
  // Of two with one name, the last counts.
  const there = env?.findLast(({ name }) => name === variable.name);
  if (!there) return 'none';
  return isAsDeclared(variable, there, 'env') ? 'ours' : 'another';
}

/**
 * The variables that a text refers to by `$(NAME)`; `$$(NAME)` is an escape.
 * Source: k8s.io/kubernetes third_party/forked/golang/expansion.
 */
export function referencesIn(text: string): string[] {
  return [...text.matchAll(/\$(\$|\(([^()]*)\))/g)].flatMap(([, , name]) => name || []);
}

/**
 * The first of these variables that a container surely lacks: neither in its own env nor, since nobody knows what is in
 * there, possibly in envFrom or one of those that Kubernetes sets for Services.
 */
export function missingVariable({ env, envFrom }: Variables, names: readonly string[]): string | undefined {
  if (names.length === 0 || envFrom?.length) return undefined;
  const own = new Set(env?.map(({ name }) => name));
  return names.find((name) => !own.has(name) && !isServiceVariable(name));
}

/** `REDIS_SERVICE_HOST`, `REDIS_SERVICE_PORT_HTTP`, `REDIS_PORT_6379_TCP`: k8s.io/kubernetes pkg/kubelet/envvars. */
function isServiceVariable(name: string): boolean {
  return /_(SERVICE_HOST|SERVICE_PORT|PORT)(_|$)/.test(name);
}
