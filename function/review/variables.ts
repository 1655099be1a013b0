import type { V1Container } from '@kubernetes/client-node';

type Variables = Pick<V1Container, 'env' | 'envFrom'>;

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
