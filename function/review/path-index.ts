import { linkedPath, relationOf } from './path.ts';

/** Fewer are looked through faster than an index is made. */
export const few = 16;
/** Deeper paths are looked through as well: nobody has them, but whoever wants to cost time and memory. */
const maxDepth = 32;

/**
 * What is mounted where: finds what may lie at, in or around a path in as many steps as the path is deep, however much
 * is mounted elsewhere.
 */
export class PathIndex<T> {
  readonly #all: { path: string; item: T }[] = [];
  #indexed = 0;
  /** The places in `#all` of what is at a path, of what is anywhere below it, and of what is too deep. */
  readonly #at = new Map<string, number[]>();
  readonly #below = new Map<string, number[]>();
  readonly #deep: number[] = [];

  /** Adds what is at a normal path. */
  add(path: string, item: T): void {
    this.#all.push({ path, item });
  }

  /** All that is related to a normal path, in the order in which it was added, with some that is not. */
  near(path: string): T[] {
    if (this.#all.length <= few || isDeep(path)) {
      return this.#all.filter((other) => relationOf(path, other.path)).map(({ item }) => item);
    }
    this.#indexAdded();
    const found = textsOf(path).flatMap((text) => [
      this.#at.get(text) ?? [],
      this.#below.get(text) ?? [],
      ...foldersAround(text).map((folder) => this.#at.get(folder) ?? []),
    ]);
    const places = new Set([...found.flat(), ...this.#deep]);
    return [...places].sort((one, other) => one - other).flatMap((place) => this.#all[place]?.item ?? []);
  }

  #indexAdded(): void {
    for (; this.#indexed < this.#all.length; this.#indexed++) {
      const path = this.#all[this.#indexed]?.path ?? '';
      if (isDeep(path)) this.#deep.push(this.#indexed);
      else for (const text of textsOf(path)) this.#index(text, this.#indexed);
    }
  }

  #index(text: string, place: number): void {
    append(this.#at, text, place);
    for (const folder of foldersAround(text)) append(this.#below, folder, place);
  }
}

function isDeep(path: string): boolean {
  return path.length > 1024 || path.split('/', maxDepth + 1).length > maxDepth;
}

/** A path in both ways in which it may be meant: `/var/run` is `/run`, as in most images. */
function textsOf(path: string): string[] {
  const linked = linkedPath(path);
  return linked === path ? [path] : [path, linked];
}

/** The folders that a path is in: `/a` and `/`, of `/a/b`. */
function foldersAround(path: string): string[] {
  if (path === '/') return [];
  const folders = ['/'];
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) folders.push(path.slice(0, end));
  return folders;
}

function append(lists: Map<string, number[]>, key: string, place: number): void {
  const list = lists.get(key);
  if (list) list.push(place);
  else lists.set(key, [place]);
}
