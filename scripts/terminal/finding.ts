/** What was found of one link in the chain from the API server to the Pod, and how to mend it. */
export interface Finding {
  /** Which link: `knative`, `certificate`, … */
  link: string;
  /** `unknown` where it could not be looked at, for lack of rights say. */
  status: 'ok' | 'warning' | 'broken' | 'unknown';
  /** What is there, or what is wrong, in one line. */
  text: string;
  /** What to do about it: a command where one does. */
  fix?: string;
}

export function ok(link: string, text: string): Finding {
  return { link, status: 'ok', text };
}

export function warning(link: string, text: string, fix: string): Finding {
  return { link, status: 'warning', text, fix };
}

export function broken(link: string, text: string, fix: string): Finding {
  return { link, status: 'broken', text, fix };
}

export function unknown(link: string, text: string): Finding {
  return { link, status: 'unknown', text };
}

const marks = { ok: '✓', warning: '!', broken: '✗', unknown: '?' };

/** `✓ knative       Serving 1.15.2 …`, and its fix below where it has one. */
export function formatFinding({ link, status, text, fix }: Finding): string {
  const line = `${marks[status]} ${link.padEnd(14)} ${text}`;
  return fix === undefined ? line : `${line}\n${' '.repeat(17)}${fix.replaceAll('\n', `\n${' '.repeat(17)}`)}`;
}
