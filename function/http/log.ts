/** The severities of Cloud Logging, which func, Knative's and most log collectors know. */
export type Severity = 'INFO' | 'WARNING' | 'ERROR';

/** Writes one record. */
export type Log = (severity: Severity, message: string, fields?: Record<string, unknown>) => void;

/** Container runtimes cut a line at 16 KiB (k8s.io/cri-api, of containerd and CRI-O), and what collects logs sees no JSON. */
const maxLineBytes = 16_000;

/** What may wait for whoever reads stdout. */
const maxUnwrittenBytes = 4 * 2 ** 20;

let pending = '';
let dropped = 0;

// A log that cannot be written, its reader gone or its disk full, is no reason not to serve.
process.stdout.on('error', () => {});

/**
 * Writes each record as one line of JSON on stdout: `{"severity":"INFO","message":"injected",…}`. Those of one turn of the
 * event loop in one write, once it has answered its requests: a write each took as long as half a review.
 * Where nobody reads them, records are dropped, and counted in the next that is not.
 */
export const log: Log = (severity, message, fields = {}) => {
  if (pending === '') setImmediate(flush);
  if (pending.length + process.stdout.writableLength > maxUnwrittenBytes) dropped++;
  else pending += `${lineOf({ severity, message, ...fields })}\n`;
};

process.once('exit', flush);

function flush(): void {
  const lines = pending;
  pending = '';
  if (lines !== '') process.stdout.write(lines);
  if (dropped === 0 || process.stdout.writableLength > maxUnwrittenBytes / 2) return;
  const count = dropped;
  dropped = 0;
  log('WARNING', `${count} log records dropped: nobody read them in time`);
}

/** A record as JSON, cut where it would be too long a line: lists first, then texts. */
function lineOf(record: object): string {
  const isShort = (line: string) => Buffer.byteLength(line) <= maxLineBytes;
  const line = JSON.stringify(record);
  if (isShort(line)) return line;
  const cut = (_key: string, value: unknown) =>
    Array.isArray(value) && value.length > 4 ? [...value.slice(0, 4), '…'] : value;
  const withoutLists = JSON.stringify(record, cut);
  if (isShort(withoutLists)) return withoutLists;
  return JSON.stringify(JSON.parse(withoutLists), (_key, value) =>
    typeof value === 'string' ? value.slice(0, 100) : value,
  );
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
