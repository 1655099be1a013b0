import { ApiError, type KubernetesApi } from './client.ts';
import type { KubernetesObject } from './object.ts';

/** The object at a path, or undefined where there is none, or where its kind is not served. */
export async function read<T = KubernetesObject>(api: KubernetesApi, path: string): Promise<T | undefined> {
  return (await unless(404, api.send<T>('GET', path)))?.object;
}

/**
 * All objects of a collection, by pages; none where its kind is not served. `path` may have a query; `keep` makes of each
 * what is to be kept of it, where that is much less.
 */
export async function list<T = KubernetesObject>(
  api: KubernetesApi,
  path: string,
  keep: (item: T) => T = (item) => item,
): Promise<T[]> {
  const items: T[] = [];
  let next: string | undefined = '';
  while (next !== undefined) {
    const page: string = `${path}${path.includes('?') ? '&' : '?'}limit=500${next && `&continue=${encodeURIComponent(next)}`}`;
    const answer: ListOf<T> | undefined = await read<ListOf<T>>(api, page);
    const type = { apiVersion: answer?.apiVersion, kind: answer?.kind.replace(/List$/, '') };
    items.push(...(answer?.items ?? []).map((item) => keep({ ...type, ...item })));
    next = answer?.metadata?.continue || undefined;
  }
  return items;
}

interface ListOf<T> {
  apiVersion: string;
  kind: string;
  /** Without apiVersion and kind of their own. */
  items: T[];
  metadata?: { continue?: string };
}

/** What a request comes to, or undefined where the API server answers with this status. */
export async function unless<T>(status: number, request: Promise<T>): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if (error instanceof ApiError && error.status === status) return undefined;
    throw error;
  }
}
