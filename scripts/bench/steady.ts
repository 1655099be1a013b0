import type { Progress } from '../terminal/progress.ts';
import { heapBytes } from './heap.ts';
import { podOf, reviewOf, usualPod } from './reviews.ts';
import { type Spread, spreadOf } from './statistics.ts';
import { firstAnswer, type Running, type Subject, startSubject } from './subjects.ts';
import { load } from './warm.ts';
import { postOf } from './wire.ts';

/** What is left in memory after many reviews, and after a large one. */
export interface Steady {
  reviews: number;
  /** The heap in MB, garbage collected, after each tenth. */
  heapMb: number[];
  /** A Pod of 3 MB, the largest that etcd takes, ten times: how long its answers took, and the heap before and after. */
  large: { mb: number; ms: Spread; heapMbBefore: number; heapMbAfter: number };
}

const reviews = 100_000;

/** Sends a server so many reviews, then the large one. */
export async function measureSteady(subject: Subject, file: string, progress: Progress): Promise<Steady> {
  await using cleanup = new AsyncDisposableStack();
  const running = await startSubject(subject, cleanup, ['--inspect=127.0.0.1:0']);
  await firstAnswer(running, postOf(reviewOf(usualPod)));
  const heapMb: number[] = [];
  for (let tenth = 1; tenth <= 10; tenth++) {
    progress(`${reviews} reviews: ${tenth} of 10 parts`);
    await load({ port: running.port, file, callers: 10, until: { requests: reviews / 10 } });
    heapMb.push(await heapMbOf(running));
  }
  return { reviews, heapMb, large: await measureLarge(running) };
}

async function measureLarge(running: Running): Promise<Steady['large']> {
  const heapMbBefore = await heapMbOf(running);
  const containers = 500;
  const body = reviewOf(podOf(containers, 125));
  const times: number[] = [];
  for (let sample = 0; sample < 10; sample++) {
    const started = performance.now();
    const { response } = JSON.parse(await firstAnswer(running, postOf(body)));
    times.push(performance.now() - started);
    const patch: { path: string }[] = JSON.parse(Buffer.from(response.patch, 'base64').toString());
    const mounts = patch.filter(({ path }) => path.includes('/volumeMounts'));
    if (mounts.length !== containers) throw new Error(`the large Pod got ${mounts.length} mounts`);
  }
  return { mb: body.length / 1e6, ms: spreadOf(times), heapMbBefore, heapMbAfter: await heapMbOf(running) };
}

async function heapMbOf(running: Running): Promise<number> {
  return (await heapBytes(running)) / 2 ** 20;
}
