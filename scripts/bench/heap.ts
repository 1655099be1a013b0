import type { Running } from './subjects.ts';

/** The bytes that a Node program holds once it has collected its garbage, asked by its inspector (`--inspect=0`). */
export async function heapBytes({ child }: Running): Promise<number> {
  const url = await child.waitFor((line) => /Debugger listening on (ws:\S+)/.exec(line)?.[1]);
  const socket = new WebSocket(url);
  const ask = (id: number, method: string) =>
    new Promise<{ usedSize?: number }>((resolve, reject) => {
      socket.addEventListener('message', ({ data }) => {
        const message = JSON.parse(data);
        if (message.id === id) resolve(message.result);
      });
      socket.addEventListener('close', () => reject(new Error('the inspector has gone')));
      socket.send(JSON.stringify({ id, method }));
    });
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve);
    socket.addEventListener('error', () => reject(new Error('no inspector')));
  });
  await ask(1, 'HeapProfiler.collectGarbage');
  const { usedSize = Number.NaN } = await ask(2, 'Runtime.getHeapUsage');
  socket.close();
  return usedSize;
}
