import type { ServerResponse } from 'node:http';
import type { Log, Severity } from './log.ts';

/** What goes back to the caller and, but for health checks, into the log: never anything of a Pod but its names. */
export interface Answer {
  status: number;
  body: object;
  headers?: Record<string, string>;
  record?: { severity: Severity; message: string; [field: string]: unknown };
}

/** Refuses a request: `error` goes to the caller and, beside `fields`, into the log. */
export function refuse(
  status: number,
  error: string,
  { headers = {}, fields = {} }: { headers?: Record<string, string>; fields?: Record<string, unknown> } = {},
): Answer {
  return {
    status,
    body: { error },
    headers,
    record: { severity: 'WARNING', message: error, decision: 'refused', status, ...fields },
  };
}

/** Answers for a bug of ours: the caller learns nothing of it, the log has its stack. */
export function internalError(error: unknown, fields: Record<string, unknown> = {}): Answer {
  const stack = error instanceof Error ? error.stack : String(error);
  const record = { severity: 'ERROR', message: 'internal error', ...fields, decision: 'error', stack } as const;
  return { status: 500, body: { error: 'internal error, see the log' }, record };
}

/** Sends and logs an answer. */
export function send(response: ServerResponse, { status, body, headers, record }: Answer, log: Log): void {
  // As a string: Node then sends it in one write with the headers.
  const text = JSON.stringify(body);
  response
    .writeHead(status, { ...headers, 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) })
    .end(text);
  if (!record) return;
  const { severity, message, ...fields } = record;
  log(severity, message, fields);
}
