import type { IncomingMessage } from 'node:http';
import type { Share } from './budget.ts';

/**
 * 7 MiB: an AdmissionReview holds two objects of at most 3 MiB each, the API server's own limit, and less than 1 MiB
 * around them (the reckoning of sigs.k8s.io/controller-runtime pkg/webhook/admission/http.go).
 */
export const maxBodyBytes = 7 * 2 ** 20;

/** A request whose body the functions framework may have read already. */
export type RequestWithBody = IncomingMessage & { rawBody?: Buffer };

/** The API server waits 30 s at most; a body that takes longer is cut off. */
const readMs = 30_000;

/**
 * Reads a request's body. `no room` where its share of the memory is used up; `aborted` where the connection ended before
 * the body did, by the client or, after `ms`, by us.
 */
export async function readBody(
  request: RequestWithBody,
  maxBytes: number,
  share: Pick<Share, 'take'>,
  ms = readMs,
): Promise<Buffer | 'too large' | 'no room' | 'aborted'> {
  const { rawBody, headers } = request;
  if (rawBody) return rawBody.length > maxBytes ? 'too large' : rawBody;
  const declared = Number(headers['content-length'] ?? 0);
  if (declared > maxBytes) return 'too large';
  // All of it at once: of many that come together, each would else be stopped by the parts that the others have.
  if (!share.take(declared)) return 'no room';
  let body = Buffer.alloc(0);
  let bytes = 0;
  const deadline = setTimeout(() => request.destroy(), ms);
  const ended = await consume(request, (chunk) => {
    if (bytes + chunk.length > maxBytes) return 'too large';
    if (bytes + chunk.length > declared && !share.take(chunk.length)) return 'no room';
    body = appended(body, bytes, chunk, declared);
    bytes += chunk.length;
    return undefined;
  });
  clearTimeout(deadline);
  return ended === 'end' ? body.subarray(0, bytes) : ended;
}

/**
 * A buffer with a chunk behind its first `bytes`, made for all that is `declared`, or else for twice as much as there is.
 * Chunks are not kept: one may hold a single byte, and takes a hundred.
 */
function appended(buffer: Buffer, bytes: number, chunk: Buffer, declared: number): Buffer<ArrayBuffer> {
  const needed = bytes + chunk.length;
  if (bytes === 0 && needed >= declared) return chunk as Buffer<ArrayBuffer>;
  const isLargeEnough = needed <= buffer.length;
  const large = isLargeEnough ? buffer : Buffer.allocUnsafe(needed <= declared ? declared : 2 * needed);
  if (!isLargeEnough) buffer.copy(large, 0, 0, bytes);
  chunk.copy(large, bytes);
  return large as Buffer<ArrayBuffer>;
}

/** How much of a refused body is dropped, and for how long. */
const maxDropped = { bytes: 28 * 2 ** 20, ms: 2_000 };

/** Drops the rest of a body, within bounds, so that its sender comes to read the answer. `aborted` where it has gone. */
export async function dropBody(request: RequestWithBody): Promise<'dropped' | 'aborted'> {
  if (request.readableEnded) return 'dropped';
  let bytes = 0;
  const { promise: overdue, resolve } = Promise.withResolvers<'too slow'>();
  const deadline = setTimeout(resolve, maxDropped.ms, 'too slow');
  const ended = await Promise.race([
    overdue,
    consume(request, (chunk) => {
      bytes += chunk.length;
      return bytes > maxDropped.bytes ? 'too large' : undefined;
    }),
  ]);
  clearTimeout(deadline);
  return ended === 'aborted' ? 'aborted' : 'dropped';
}

/** Feeds a body to `take` until its end, until `take` wants no more, or until the connection is gone. */
function consume<Stop extends string>(
  request: IncomingMessage,
  take: (chunk: Buffer) => Stop | undefined,
): Promise<Stop | 'end' | 'aborted'> {
  return new Promise((resolve) => {
    const end = (how: Stop | 'end' | 'aborted') => {
      request.removeListener('data', onData);
      resolve(how);
    };
    const onData = (chunk: Buffer) => {
      const stop = take(chunk);
      if (stop) end(stop);
    };
    request
      .on('data', onData)
      .once('end', () => end('end'))
      .once('close', () => end('aborted'))
      // The close event reports this.
      .on('error', () => {});
  });
}
