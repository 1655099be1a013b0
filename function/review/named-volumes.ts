import type { V1Volume } from '@kubernetes/client-node';
import { few } from './path-index.ts';

/** Volumes, to be found by their names; of two with one name, the first. */
export class NamedVolumes {
  #all: readonly V1Volume[];
  #index: Map<string, V1Volume> | undefined;

  constructor(volumes: readonly V1Volume[] = []) {
    this.#all = volumes;
  }

  get(name: string): V1Volume | undefined {
    if (this.#all.length <= few) return this.#all.find((volume) => volume.name === name);
    this.#index ??= new Map(this.#all.toReversed().map((volume) => [volume.name, volume]));
    return this.#index.get(name);
  }

  /** Adds one of another name than all. */
  add(volume: V1Volume): void {
    if (this.#index) this.#index.set(volume.name, volume);
    else this.#all = [...this.#all, volume];
  }
}
