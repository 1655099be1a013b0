import type { IncomingMessage } from 'node:http';

/** A request whose body the functions framework may have read already. */
export type RequestWithBody = IncomingMessage & { rawBody?: Buffer };

/** The API server waits 30 s at most; a body that takes longer is cut off. */
const readMs = 30_000;

/** Reads a request's body. `aborted` where the connection ended before it did, by the client or, after `ms`, by us. */
export async function readBody(
  request: RequestWithBody,
  maxBytes: number,
  ms = readMs,
): Promise<Buffer | 'too large' | 'aborted'> {
  const { rawBody } = request;
  if (rawBody) return rawBody.length > maxBytes ? 'too large' : rawBody;
  const chunks: Buffer[] = [];
  let bytes = 0;
  const deadline = setTimeout(() => request.destroy(), ms);
  const ended = await consume(request, (chunk) => {
    bytes += chunk.length;
    if (bytes > maxBytes) return 'too large';
    chunks.push(chunk);
    return undefined;
  });
  clearTimeout(deadline);
  return ended === 'end' ? Buffer.concat(chunks) : ended;
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
