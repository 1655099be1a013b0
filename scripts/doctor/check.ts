import { ApiError } from '../kubernetes/client.ts';
import { denied, type Finding, unknown } from '../terminal/finding.ts';
import type { Context } from './context.ts';

/** What a check shows: its findings, and what the checks that need it go on. Neither, where there is nothing to check. */
export interface Shown<T> {
  findings: readonly Finding[];
  found?: T;
}

/** A finding with the check that it is of. */
export interface CheckFinding extends Finding {
  id: string;
  title: string;
  /** The id of the check to fix first, since this one comes of it. */
  cause?: string;
}

/** What a check has come to, for those that need it. */
export interface Outcome<T> {
  found?: T | undefined;
  /** The check to fix first where this one is broken or has found nothing: itself, or one before it. */
  cause?: Cause | undefined;
}

interface Cause {
  id: string;
  title: string;
  /** Whether it is broken, and so explains what breaks after it; otherwise it could not be checked. */
  isBroken: boolean;
}

/** The outcomes of the checks that have run. */
export type Outcomes = Map<Need<unknown>, Outcome<unknown>>;

/** What a check needs of those before it: a check itself, or `resultOf`, `explainedBy` and `eitherOf` some. */
export interface Need<T> {
  outcomeIn(outcomes: Outcomes): Outcome<T>;
}

export interface Check<T> extends Need<T> {
  /** In kebab-case; the name of its file, too. */
  id: string;
  /** For people: some twenty characters at most. */
  title: string;
  /** Whether it is to be made at all; otherwise no check may need it. */
  isWanted(context: Context): boolean;
  /** Runs it by the outcomes of the checks that it needs, and adds its own. */
  run(context: Context, outcomes: Outcomes): Promise<CheckFinding[]>;
}

type Found<Needs> = { [Index in keyof Needs]: Needs[Index] extends Need<infer T> ? T : never };

/**
 * A check that looks by what was found of its needs. One break is named once: where a check that it needs is broken, its
 * own break comes of that, and where one has found nothing, there is nothing to look at. Where looking fails, the check
 * is unknown, and the others run all the same.
 */
export function check<const Needs extends readonly Need<unknown>[], T>(
  id: string,
  title: string,
  needs: Needs,
  look: (context: Context, ...found: Found<Needs>) => Promise<Shown<T>>,
  isWanted: (context: Context) => boolean = () => true,
): Check<T> {
  const self: Check<T> = {
    id,
    title,
    isWanted,
    outcomeIn(outcomes) {
      const outcome = outcomes.get(self);
      if (!outcome) throw new Error(`the check ${id} is needed before it has run`);
      return outcome as Outcome<T>;
    },
    async run(context, outcomes) {
      const before = needs.map((need) => need.outcomeIn(outcomes));
      const missing = before.find(({ found }) => found === undefined);
      if (missing) {
        outcomes.set(self, { cause: missing.cause });
        return missing.cause ? [{ id, title, ...comesOf(missing.cause, unknown('not checked')) }] : [];
      }
      try {
        const shown = await look(context, ...(before.map(({ found }) => found) as Found<Needs>));
        const explanation = before.find(({ cause }) => cause?.isBroken)?.cause;
        outcomes.set(self, { found: shown.found, cause: causeIn(shown, { id, title }, explanation) });
        return shown.findings.map((finding) => ({ id, title, ...explained(finding, explanation) }));
      } catch (error) {
        outcomes.set(self, { cause: { id, title, isBroken: false } });
        const isDenied = error instanceof ApiError && error.status === 403;
        return [{ id, title, ...(isDenied ? denied : unknown)((error as Error).message) }];
      }
    },
  };
  return self;
}

/** What is to be fixed for a check to be sound: nothing where it is. */
function causeIn(
  { findings, found }: Shown<unknown>,
  self: { id: string; title: string },
  explanation: Cause | undefined,
): Cause | undefined {
  const isBroken = findings.some(({ status }) => status === 'broken');
  const isMissing = found === undefined && findings.length > 0;
  return isBroken || isMissing ? (explanation ?? { ...self, isBroken }) : undefined;
}

function explained(finding: Finding, explanation: Cause | undefined): Finding {
  return finding.status === 'broken' && explanation ? comesOf(explanation, finding) : finding;
}

/** What a need has found, whatever is wrong with it: that explains no break after it. */
export function resultOf<T>(need: Need<T>): Need<T> {
  return {
    outcomeIn(outcomes) {
      const { found, cause } = need.outcomeIn(outcomes);
      return { found, cause: found === undefined ? cause : undefined };
    },
  };
}

/** A need that explains a break after it where it is broken itself, and of which nothing else is needed. */
export function explainedBy(need: Need<unknown>): Need<true> {
  return {
    outcomeIn(outcomes) {
      const { cause } = need.outcomeIn(outcomes);
      return { found: true, cause };
    },
  };
}

/** The first of two needs, or the other where with that one there is nothing to check. */
export function eitherOf<T>(first: Need<T>, other: Need<T>): Need<T> {
  return {
    outcomeIn(outcomes) {
      const outcome = first.outcomeIn(outcomes);
      return outcome.found === undefined && !outcome.cause ? other.outcomeIn(outcomes) : outcome;
    },
  };
}

function comesOf({ id, title }: Cause, { text }: Finding): Finding & { cause: string } {
  return { ...unknown(`${text} (see ${title} first)`), cause: id };
}
