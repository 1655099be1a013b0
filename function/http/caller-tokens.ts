import { readFileSync } from 'node:fs';
import { now } from './clock.ts';
import type { Log } from './log.ts';

/**
 * What a call is for, by the segments of its path below /mutate: those without the caller's token, which comes first;
 * undefined for a caller that is not served.
 */
export type TakeToken = (segments: readonly string[]) => readonly string[] | undefined;

/** How old what was read may be: a Secret's volume changes a minute after the Secret anyway. */
const maxAgeMs = 1_000;

/** What a file of tokens says. */
export interface CallerTokens {
  tokens: readonly string[];
  /** Whether callers without a token are served, too: until a webhook configuration that had none calls with one. */
  isOpen: boolean;
}

/** The line that makes it so. */
const anyone = '*';

/**
 * A file of tokens by its text, one a line; undefined where it is none. The API server lets the path of a Service be of DNS
 * subdomains alone (validateWebhookService in k8s.io/apiserver), so tokens are like a long DNS label.
 */
export function parseCallerTokens(text: string): CallerTokens | undefined {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  const tokens = lines.filter((line) => line !== anyone);
  if (tokens.length === 0 || !tokens.every((token) => /^[a-z0-9][-a-z0-9]{30,126}[a-z0-9]$/.test(token)))
    return undefined;
  return { tokens, isOpen: tokens.length < lines.length };
}

/** The text of a file that says so. */
export function formatCallerTokens({ tokens, isOpen }: CallerTokens): string {
  return [...tokens, ...(isOpen ? [anyone] : [])].map((line) => `${line}\n`).join('');
}

/**
 * Who is served by a file of tokens, one a line: two while one replaces the other. The file is read again as it changes.
 * Everyone is served until there is one, which a Secret that is optional may not be; none is served less than before
 * because of a file that has gone or cannot be used. Throws an Error at the start where it cannot be used.
 */
export function callersOf(file: string | undefined, log: Log): TakeToken {
  const everyone: TakeToken = (segments) => segments;
  if (!file) {
    log('WARNING', 'CALLER_TOKENS is not set: every caller is served');
    return everyone;
  }
  let callers = callersIn(file);
  let readAt = now();
  if (!callers) log('WARNING', `there is no file ${file}: every caller is served until there is`);
  if (callers?.isOpen) log('WARNING', `${file} has a line ${anyone}: every caller is served`);
  const current = (): Callers | undefined => {
    if (now() - readAt < maxAgeMs) return callers;
    readAt = now();
    try {
      callers = callersIn(file) ?? callers;
    } catch (error) {
      log('ERROR', `${(error as Error).message}: the caller tokens stay as they were`);
    }
    return callers;
  };
  return (segments) => {
    const known = current();
    if (!known) return segments;
    const [token = '', ...rest] = segments;
    const padded = paddedOf(token);
    // All of them, whichever fits: how long it takes says nothing.
    const isKnown = known.tokens.reduce((isOne, each) => isSame(each, padded) || isOne, false);
    if (isKnown) return rest;
    return known.isOpen ? segments : undefined;
  };
}

interface Callers {
  /** Of one length. */
  tokens: Buffer[];
  isOpen: boolean;
}

/** Who a file serves; undefined where there is none. Its errors hold nothing of a token. */
function callersIn(file: string): Callers | undefined {
  const text = textOf(file);
  if (text === undefined) return undefined;
  const said = parseCallerTokens(text);
  if (!said)
    throw new Error(`${file} must hold tokens, one a line, each of 32 to 128 lower-case letters, digits and -`);
  return { tokens: said.tokens.map(paddedOf), isOpen: said.isOpen };
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

/** Of the longest token, and of one character more: what is longer is cut, and differs by that. */
const paddedBytes = 128 + 4;

/** Filled up with a byte that no text in UTF-8 has. */
function paddedOf(token: string): Buffer {
  const padded = Buffer.alloc(paddedBytes, 0xff);
  padded.write(token);
  return padded;
}

/**
 * Whether two tokens are the same, in a time that does not depend on where they differ: all bytes are looked at, without
 * a branch, as TweetNaCl.js compares (`vn` in nacl-fast.js). node:crypto, whose timingSafeEqual does so too, takes a start
 * a tenth longer to load.
 */
function isSame(one: Buffer, other: Buffer): boolean {
  let difference = 0;
  for (let at = 0; at < paddedBytes; at++) difference |= one.readUInt8(at) ^ other.readUInt8(at);
  return difference === 0;
}
