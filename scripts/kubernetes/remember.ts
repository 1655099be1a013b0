import type { Answer, KubernetesApi } from './client.ts';

/**
 * The same API, which reads each path once: for a command that changes nothing, and finds in many objects references to
 * the same few.
 */
export function remembering(api: KubernetesApi): KubernetesApi {
  const answers = new Map<string, Promise<Answer<unknown>>>();
  return {
    ...api,
    send<T>(...[method, path, options]: Parameters<KubernetesApi['send']>): Promise<Answer<T>> {
      if (method !== 'GET') return api.send<T>(method, path, options);
      const key = `${options?.accept ?? ''} ${path}`;
      const answer = answers.get(key) ?? api.send<unknown>(method, path, options);
      answers.set(key, answer);
      return answer as Promise<Answer<T>>;
    },
  };
}
