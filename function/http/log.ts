/** The severities of Cloud Logging, which func, Knative's and most log collectors know. */
export type Severity = 'INFO' | 'WARNING' | 'ERROR';

/** Writes one record. */
export type Log = (severity: Severity, message: string, fields?: Record<string, unknown>) => void;

let pending = '';

/**
 * Writes each record as one line of JSON on stdout: `{"severity":"INFO","message":"injected",…}`. Those of one turn of the
 * event loop in one write, once it has answered its requests: a write each took as long as half a review.
 */
export const log: Log = (severity, message, fields = {}) => {
  if (pending === '') setImmediate(flush);
  pending += `${JSON.stringify({ severity, message, ...fields })}\n`;
};

process.once('exit', flush);

function flush(): void {
  const lines = pending;
  pending = '';
  if (lines !== '') process.stdout.write(lines);
}

/** Once all records have been taken by whoever reads stdout: what a process that ends has not got rid of is lost. */
export function written(): Promise<void> {
  flush();
  return new Promise((resolve) => process.stdout.write('', () => resolve()));
}

/** The ids of a W3C `traceparent` header (https://www.w3.org/TR/trace-context/), which Knative's queue-proxy sends along. */
export function traceIds(traceparent: string | string[] | undefined): { traceId?: string; spanId?: string } {
  const [, traceId, spanId] = /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-[\da-f]{2}/.exec(String(traceparent)) ?? [];
  return traceId && spanId ? { traceId, spanId } : {};
}
