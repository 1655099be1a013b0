import type { Answer, KubernetesApi } from './client.ts';
import { objectPath } from './discovery.ts';
import type { KubernetesObject } from './object.ts';

interface ApplyOptions {
  fieldManager: string;
  dryRun?: boolean;
  /** Whether fields that others own become as the object says. */
  force?: boolean;
}

/**
 * Server-side apply: creates the object, or makes it so as far as `fieldManager` owns it, or with `force` as far as the
 * object says. Throws an ApiError: 409 where others own a field, 400 at fields that the API server does not know.
 */
export async function apply(
  api: KubernetesApi,
  object: KubernetesObject,
  { fieldManager, dryRun = false, force = false }: ApplyOptions,
): Promise<Answer> {
  const query = `fieldManager=${fieldManager}&fieldValidation=Strict${dryRun ? '&dryRun=All' : ''}${force ? '&force=true' : ''}`;
  const path = `${await objectPath(api, object)}?${query}`;
  return api.send('PATCH', path, { body: object, contentType: 'application/apply-patch+yaml' });
}
