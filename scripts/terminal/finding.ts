import { oneLine } from './output.ts';

/** What is the case, or was done, and how to fix it: of a check, or a step of a command. */
export interface Finding {
  /** `info` of what is neither well nor not; `unknown` where it could not be checked. */
  status: 'ok' | 'info' | 'warning' | 'broken' | 'unknown';
  /** What is there, or what is wrong, in one line. */
  text: string;
  /** What to do about it: a command on each line, where there are some. */
  fix?: string;
  /** That it is unknown for lack of permissions. */
  isDenied?: true;
}

export function ok(text: string): Finding {
  return { status: 'ok', text };
}

export function info(text: string, fix: string): Finding {
  return { status: 'info', text, fix };
}

export function warning(text: string, fix: string): Finding {
  return { status: 'warning', text, fix };
}

export function broken(text: string, fix: string): Finding {
  return { status: 'broken', text, fix };
}

export function unknown(text: string): Finding {
  return { status: 'unknown', text };
}

export function denied(text: string): Finding {
  return { status: 'unknown', text, isDenied: true };
}

const marks = { ok: '✓', info: '-', warning: '!', broken: '✗', unknown: '?' };
const titleWidth = 19;
const fixIndent = ' '.repeat(titleWidth + 2);

/** `✓ Knative            Knative Serving 1.15.2 …`, and the fix below where there is one. */
export function formatFinding(title: string, { status, text, fix }: Finding): string {
  const line = `${marks[status]} ${title.padEnd(titleWidth)}${oneLine(text)}`;
  return fix === undefined ? line : `${line}\n${fixIndent}${fix.replaceAll('\n', `\n${fixIndent}`)}`;
}
