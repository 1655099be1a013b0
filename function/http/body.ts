import type { IncomingMessage } from 'node:http';
import { type Answer, maxBodyBytes, tooLarge } from './handler.ts';

/** The API server waits 30 s at most; a body that takes longer is cut off. */
const bodyMs = 30_000;

/** How much of a refused body is read and dropped, and how long, so that its sender comes to read the answer. */
const maxDropped = { bytes: 4 * maxBodyBytes, ms: 2_000 };

/**
 * A request's body, or why it is refused: by then the rest has been read too, unless it is far too much or too slow.
 * `aborted` where the connection ended before, by the client or, after `ms`, by us.
 */
export function readBody(
  request: IncomingMessage,
  refusal: Answer | undefined,
  ms = bodyMs,
): Promise<{ body: Buffer } | Answer | 'aborted'> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let refused = refusal;
    let dropping: NodeJS.Timeout | undefined;
    const deadline = setTimeout(() => request.destroy(), ms);
    const end = (read: { body: Buffer } | Answer | 'aborted') => {
      clearTimeout(deadline);
      clearTimeout(dropping);
      request.removeListener('data', take);
      resolve(read);
    };
    const finish = () => end(refused ?? { body: Buffer.concat(chunks) });
    const refuse = (answer: Answer) => {
      refused = answer;
      chunks.length = 0;
      dropping ??= setTimeout(finish, maxDropped.ms);
    };
    const take = (chunk: Buffer) => {
      bytes += chunk.length;
      if (!refused && bytes > maxBodyBytes) refuse(tooLarge);
      if (!refused) chunks.push(chunk);
      if (bytes > maxDropped.bytes) finish();
    };
    if (refused) refuse(refused);
    request
      .on('data', take)
      .once('end', finish)
      .once('close', () => end('aborted'))
      // Its end is told by `close`.
      .on('error', () => {});
  });
}
