import { ApiError } from '../kubernetes/client.ts';
import { type Finding, unknown } from '../terminal/finding.ts';

/** A link of the chain that was looked at: what is there, for the links after it, and why it is not as it should be. */
export interface Link<T> {
  found: T | undefined;
  /** The link that is to be mended first where this one is broken, or was not found: itself, or one before it. */
  cause: string | undefined;
}

/** What there is to say of a link. */
export interface LinkFinding extends Finding {
  /** That it is unknown for lack of rights. */
  isDenied?: true;
}

/** What looking at a link has shown. */
export interface Seen<T> {
  findings: LinkFinding[];
  found?: T;
}

type Found<Needs> = { [Index in keyof Needs]: Needs[Index] extends Link<infer T> ? T : never };

/**
 * Looks at a link by what was found of those that it needs, and yields what it shows. One break is named once: where a
 * link before it is broken, this one's break comes of that, and where nothing was found, there is nothing to look at.
 * Where looking fails, the link is unknown, and the rest is looked at all the same.
 */
export async function* link<const Needs extends readonly Link<unknown>[], T>(
  name: string,
  needs: Needs,
  look: (...found: Found<Needs>) => Promise<Seen<T>>,
): AsyncGenerator<LinkFinding, Link<T>> {
  const cause = needs.find((need) => need.cause)?.cause;
  const found = needs.map((need) => need.found);
  if (found.includes(undefined)) {
    yield unknown(name, `not looked at: see ${cause} first`);
    return { found: undefined, cause };
  }
  try {
    const seen = await look(...(found as Found<Needs>));
    for (const finding of seen.findings) yield cause === undefined ? finding : asConsequence(finding, cause);
    const isSound = seen.found !== undefined && seen.findings.every(({ status }) => status !== 'broken');
    return { found: seen.found, cause: isSound ? undefined : (cause ?? name) };
  } catch (error) {
    yield unseen(name, error);
    return { found: undefined, cause: name };
  }
}

/** What is said of a link at which looking fails: the API server refuses to show it, or it is nothing that was foreseen. */
export function unseen(name: string, error: unknown): LinkFinding {
  const finding = unknown(name, (error as Error).message);
  return error instanceof ApiError && error.status === 403 ? { ...finding, isDenied: true } : finding;
}

/** The link as far as it is there: whatever is wrong with it is no reason for what comes after it to be wrong. */
export function there<T>({ found, cause }: Link<T>): Link<T> {
  return { found, cause: found === undefined ? cause : undefined };
}

/** The link as one that is to be mended before, and of which nothing else is needed. */
export function before({ cause }: Link<unknown>): Link<true> {
  return { found: true, cause };
}

function asConsequence(finding: LinkFinding, cause: string): LinkFinding {
  return finding.status === 'broken' ? unknown(finding.link, `${finding.text} (see ${cause} first)`) : finding;
}
