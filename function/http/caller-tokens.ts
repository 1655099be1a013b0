import { hash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Log } from './log.ts';

/** Whether a caller with this token is served. */
export type IsCaller = (token: string) => boolean;

/** How old what was read may be: a Secret's volume changes a minute after the Secret anyway. */
const maxAgeMs = 1_000;

/**
 * Who is served by a file of tokens, one a line: two while one replaces the other. The file is read again as it changes.
 * Everyone is served until there is one, which a Secret that is optional may not be; none is served less than before
 * because of a file that has gone or cannot be used. Throws an Error at the start where it cannot be used.
 */
export function callersOf(file: string | undefined, log: Log): IsCaller {
  const everyone: IsCaller = () => true;
  if (!file) {
    log('WARNING', 'CALLER_TOKENS is not set: every caller is served');
    return everyone;
  }
  let tokens = tokensIn(file);
  let readAt = performance.now();
  if (!tokens) log('WARNING', `there is no file ${file}: every caller is served until there is`);
  const current = (): Buffer[] | undefined => {
    if (performance.now() - readAt < maxAgeMs) return tokens;
    readAt = performance.now();
    try {
      tokens = tokensIn(file) ?? tokens;
    } catch (error) {
      log('ERROR', `${(error as Error).message}: the caller tokens stay as they were`);
    }
    return tokens;
  };
  return (token) => {
    const digest = digestOf(token);
    // All of them, whichever fits: how long it takes says nothing.
    return current()?.reduce((isKnown, each) => timingSafeEqual(each, digest) || isKnown, false) ?? true;
  };
}

/** Digests of the tokens, which have one length; undefined where there is no file. Its errors hold nothing of a token. */
function tokensIn(file: string): Buffer[] | undefined {
  const lines = textOf(file)
    ?.split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  if (!lines) return undefined;
  if (lines.length === 0 || !lines.every((line) => /^[\w-]{32,128}$/.test(line))) {
    throw new Error(`${file} must hold tokens, one a line, each of 32 to 128 letters, digits, - and _`);
  }
  return lines.map(digestOf);
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new Error(`${file} cannot be read: ${code}`);
  }
}

function digestOf(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}
