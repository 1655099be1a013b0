import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { log } from '../http/log.ts';

/** A bundled module that has run, and how to keep what V8 has compiled of it so far. */
export interface Loaded {
  exports: unknown;
  /** Writes the code cache that the next `loadWithCodeCache` finds. */
  writeCodeCache(): void;
}

/**
 * Runs `function.cjs` of a directory, with the code cache beside it where there is one: V8 then compiles nothing that it
 * had compiled by then. Node's own cache (`module.enableCompileCache`) holds only what ran at once, an eighth of it.
 * One of another V8, or of other V8 flags, is refused, and costs nothing but the time it was to save. Of the source V8
 * checks the length alone, so `hash`, the source's, is in the cache's name; of the cache it checks nothing that counts,
 * and ends the process where it is damaged, so its file has it twice: to compare them takes a twentieth of the time in which
 * Node loads what computes a checksum.
 */
export function loadWithCodeCache(directory: string, hash: string): Loaded {
  const filename = join(directory, 'function.cjs');
  const cacheFile = join(directory, `function.${hash}.cache`);
  const cachedData = readIfPossible(cacheFile);
  const source = readFileSync(filename, 'latin1');
  const script = new Script(source, { filename, ...(cachedData && { cachedData }) });
  if (script.cachedDataRejected)
    log('WARNING', 'the code cache is of another Node or other flags: starting without it');
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(filename), module);
  return {
    exports: module.exports,
    writeCodeCache: () => {
      const data = script.createCachedData();
      writeFileSync(cacheFile, Buffer.concat([data, data]));
    },
  };
}

function readIfPossible(file: string): Buffer | undefined {
  try {
    const content = readFileSync(file);
    const half = Math.floor(content.length / 2);
    const data = content.subarray(0, half);
    if (data.equals(content.subarray(half))) return data;
    log('WARNING', 'the code cache is damaged: starting without it');
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') log('WARNING', `the code cache cannot be read: starting without it: ${code}`);
    return undefined;
  }
}
