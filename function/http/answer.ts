import type { ServerResponse } from 'node:http';
import type { Log, Severity } from './log.ts';

/** What goes back to the caller and, but for health checks, into the log: never anything of a Pod but its names. */
export interface Answer {
  status: number;
  body: object;
  headers?: Record<string, string>;
  record?: { severity: Severity; message: string; [field: string]: unknown };
}

/** Refuses a request: `message` goes to the caller and, beside `fields`, into the log. */
export function refuse(
  status: number,
  message: string,
  { headers = {}, fields = {} }: { headers?: Record<string, string>; fields?: Record<string, unknown> } = {},
): Answer {
  return {
    status,
    body: failure(status, message),
    headers,
    record: { severity: 'WARNING', message, decision: 'refused', status, ...fields },
  };
}

/** Answers for a bug of ours: the caller learns nothing of it, the log has its stack. */
export function internalError(error: unknown, fields: Record<string, unknown> = {}): Answer {
  const stack = error instanceof Error ? error.stack : String(error);
  const record = { severity: 'ERROR', message: 'internal error', ...fields, decision: 'error', stack } as const;
  return { status: 500, body: failure(500, 'internal error of hello-webhook, see its log'), record };
}

/** https://github.com/kubernetes/apimachinery/blob/master/pkg/apis/meta/v1/types.go StatusReason */
const reasons: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  500: 'InternalError',
  503: 'ServiceUnavailable',
};

/**
 * A metav1.Status: of all that a webhook may answer beside an AdmissionReview, the only thing that the API server
 * reads (k8s.io/client-go rest.Request.transformResponse); it shows the message to the user.
 */
function failure(code: number, message: string): object {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason: reasons[code], code };
}

/** Sends and logs an answer; how many bytes it has. */
export function send(response: ServerResponse, { status, body, headers, record }: Answer, log: Log): number {
  // As a string: Node then sends it in one write with the headers.
  const text = JSON.stringify(body);
  const bytes = Buffer.byteLength(text);
  response.writeHead(status, { ...headers, 'Content-Type': 'application/json', 'Content-Length': bytes }).end(text);
  if (record) {
    const { severity, message, ...fields } = record;
    log(severity, message, fields);
  }
  return bytes;
}
