import { isDeepStrictEqual } from 'node:util';
import { ApiError, type KubernetesApi } from '../kubernetes/client.ts';
import { deleteAndWait } from '../kubernetes/delete.ts';
import { objectPath } from '../kubernetes/discovery.ts';
import { type KubernetesObject, titleOf } from '../kubernetes/object.ts';
import { read } from '../kubernetes/read.ts';
import type { Progress } from '../terminal/progress.ts';
import { fieldManager } from './installation.ts';

/** What is changed in a cluster, with how it was before, so that it can go back. */
export class Changes {
  readonly #api: KubernetesApi;
  /** By path, in the order of the first changes; undefined where there was no object. */
  readonly #before = new Map<string, KubernetesObject | undefined>();
  #underWay: Promise<unknown> = Promise.resolve();
  #isOver = false;

  constructor(api: KubernetesApi) {
    this.#api = api;
  }

  /** Changes, or creates, an object by `change`. Throws, and changes nothing, once `undo` has begun. */
  async make(object: KubernetesObject, change: () => Promise<unknown>): Promise<void> {
    const path = await objectPath(this.#api, object);
    const there = this.#before.has(path) ? undefined : await read(this.#api, path);
    if (this.#isOver) throw new Error(`${titleOf(object)}: not changed, since all goes back to what it was`);
    if (!this.#before.has(path)) this.#before.set(path, there);
    this.#underWay = change();
    await this.#underWay;
  }

  /**
   * Has the objects at the paths that `isMeant` be as they were before, the last first: what was not there is deleted.
   * Returns the titles of those that were not as before.
   */
  async undo(isMeant: (path: string) => boolean, progress: Progress): Promise<string[]> {
    this.#isOver = true;
    await this.#underWay.catch(() => {});
    const undone: string[] = [];
    for (const [path, before] of [...this.#before].reverse()) {
      const current = isMeant(path) ? await read(this.#api, path) : undefined;
      if (!current) continue;
      const title = titleOf(current);
      progress(`going back: ${title}`);
      const isOther = before === undefined || !isDeepStrictEqual(said(before), said(current));
      if (before) await putBack(this.#api, path, before, isOther);
      else await deleteAndWait(this.#api, current, progress);
      if (isOther) undone.push(title);
    }
    progress();
    return undone;
  }
}

/** What an object says, whatever controllers say of it. */
function said({ status: _, metadata, ...rest }: KubernetesObject): object {
  const { resourceVersion: _version, generation: _generation, managedFields: _managed, ...own } = metadata;
  return { ...rest, metadata: own };
}

/** What a controller may write at the same time, several times over. */
const attempts = 10;

/**
 * Puts an object back, and then who owned which of its fields: whoever sends the first request owns all that it changes,
 * and a later apply without such a field would leave the field behind.
 */
async function putBack(api: KubernetesApi, path: string, before: KubernetesObject, isOther: boolean): Promise<void> {
  const { managedFields } = before.metadata;
  if (isOther) {
    await put(api, path, ({ metadata: { resourceVersion } }) => ({
      ...before,
      metadata: { ...before.metadata, resourceVersion },
    }));
  }
  await put(api, path, (current) => ({ ...current, metadata: { ...current.metadata, managedFields } }));
}

async function put(
  api: KubernetesApi,
  path: string,
  bodyFor: (current: KubernetesObject) => KubernetesObject,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const current = await read(api, path);
    if (!current) return;
    try {
      await api.send('PUT', `${path}?fieldManager=${fieldManager}`, { body: bodyFor(current) });
      return;
    } catch (error) {
      const isConflict = error instanceof ApiError && error.status === 409;
      if (!isConflict || attempt === attempts) throw error;
    }
  }
}
