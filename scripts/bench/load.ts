/**
 * The load generator, a process of its own: reads a Load from its first argument, writes a LoadResult to stdout, both as
 * JSON.
 */
import { readFileSync } from 'node:fs';
import { percentile } from './statistics.ts';
import { connectCaller, postOf } from './wire.ts';

/** So many callers, each of which sends the next request once the last one is answered. */
export interface Load {
  port: number;
  /** The file with the request's body. */
  file: string;
  callers: number;
  /** How many requests in all, or for how long. */
  until: { requests: number } | { seconds: number };
}

/** Latencies in ms. */
export interface LoadResult {
  requests: number;
  perSecond: number;
  mean: number;
  p50: number;
  p99: number;
}

async function generate({ port, file, callers, until }: Load): Promise<LoadResult> {
  const post = postOf(readFileSync(file, 'utf8'));
  const latencies: number[] = [];
  const connected = await Promise.all(Array.from({ length: callers }, () => connectCaller(port)));
  const started = performance.now();
  const isThrough = (now: number) =>
    'requests' in until ? latencies.length > until.requests - callers : now > started + until.seconds * 1000;
  await Promise.all(
    connected.map(async (caller) => {
      let sent = performance.now();
      while (!isThrough(sent)) {
        await caller.send(post);
        const now = performance.now();
        latencies.push(now - sent);
        sent = now;
      }
      caller.close();
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  return {
    requests: latencies.length,
    perSecond: latencies.length / seconds,
    mean: latencies.reduce((sum, ms) => sum + ms, 0) / latencies.length,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
  };
}

if (import.meta.main) console.log(JSON.stringify(await generate(JSON.parse(process.argv[2] ?? ''))));
