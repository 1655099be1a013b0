import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import type { Progress } from '../terminal/progress.ts';
import { hostileBodies } from './hostile-bodies.ts';
import { firstAnswer, type Running, type Subject, startSubject } from './subjects.ts';
import { usageOf } from './usage.ts';
import { connectCaller, postOf } from './wire.ts';

/** What one hostile body costs, and how long a usual review that is sent right after it waits. */
export interface HostileBody {
  title: string;
  cpuMs: number;
  /** The most that is resident at once, above what was at rest. */
  memoryMb: number;
  waitMs: number;
}

/** Sends each body of up to 7 MiB that costs more than its length tells to a server of its own, the costliest first. */
export async function measureHostile(subject: Subject, review: string, progress: Progress): Promise<HostileBody[]> {
  const usual = postOf(review);
  const results: HostileBody[] = [];
  for (const [title, bodyOf] of hostileBodies) {
    progress(`hostile bodies: ${title}`);
    await using cleanup = new AsyncDisposableStack();
    const running = await startSubject(subject, cleanup);
    await firstAnswer(running, usual);
    results.push({ title, ...(await measure(running, bodyOf(), usual)) });
  }
  return results.sort((one, other) => other.cpuMs - one.cpuMs);
}

async function measure(running: Running, body: string, usual: Buffer): Promise<Omit<HostileBody, 'title'>> {
  const before = usageOf(running);
  const beside = await connectCaller(running.port);
  const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
  const sent = request({ port: running.port, path: '/mutate', method: 'POST', headers });
  const answered = once(sent, 'response') as Promise<[IncomingMessage]>;
  // Once all of it is on its way.
  await new Promise<void>((resolve) => sent.end(body, resolve));
  const started = performance.now();
  await beside.send(usual);
  const waitMs = performance.now() - started;
  const [answer] = await answered;
  await once(answer.resume(), 'end');
  beside.close();
  const { cpuMs, peakMb } = usageOf(running);
  return { cpuMs: cpuMs - before.cpuMs, memoryMb: peakMb - before.rssMb, waitMs };
}
