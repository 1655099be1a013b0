import { connect } from 'node:net';

/** The bytes of a review's POST over HTTP/1.1, as queue-proxy passes it on. */
export function postOf(body: string): Buffer {
  const head = [
    'POST /mutate?timeout=10s HTTP/1.1',
    'Host: hello-webhook.hello-system.svc',
    'User-Agent: kube-apiserver-admission',
    'Accept: application/json, */*',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    '\r\n',
  ].join('\r\n');
  return Buffer.from(head + body);
}

/** The body of an HTTP answer with a Content-Length, once all of it is there. Throws where its status is not 200. */
export function answerIn(received: Buffer): Buffer | undefined {
  const head = received.indexOf('\r\n\r\n') + 4;
  if (head < 4) return undefined;
  const [, status, length] =
    /^HTTP\/1\.1 (\d+).*\r\ncontent-length: *(\d+)/is.exec(received.toString('latin1', 0, head)) ?? [];
  if (status !== '200') throw new Error(`the answer is no success: ${received}`);
  return received.length < head + Number(length) ? undefined : received.subarray(head);
}

/** A caller on a connection of its own, which it keeps. */
export interface Caller {
  /** Sends a request, and waits for its answer's body. */
  send(request: Buffer): Promise<Buffer>;
  close(): void;
}

/** Connects a caller over a raw socket: an HTTP client would take longer for a request than what is measured. */
export async function connectCaller(port: number): Promise<Caller> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let received: Buffer = Buffer.alloc(0);
  let answered = (_answer: Buffer) => {};
  let failed = (_error: Error) => {};
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  socket.on('data', (chunk) => {
    received = received.length > 0 ? Buffer.concat([received, chunk]) : chunk;
    const answer = answerIn(received);
    if (!answer) return;
    received = Buffer.alloc(0);
    answered(answer);
  });
  socket.on('error', (error) => failed(error)).on('close', () => failed(new Error('the connection was closed')));
  return {
    send: (request) =>
      new Promise((resolve, reject) => {
        answered = resolve;
        failed = reject;
        socket.write(request);
      }),
    close: () => socket.destroy(),
  };
}
