import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Context } from 'mocha';
import { type Child, startChild } from '../../scripts/local/child.ts';
import { freePorts } from '../../scripts/local/free-ports.ts';
import { temporaryDirectory } from '../../scripts/terminal/temporary-directory.ts';
import { runGo } from './run-go.ts';

/** OTLP in JSON, as far as tests look at it (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding). */
export interface Pushed {
  resourceMetrics?: { resource: Attributed; scopeMetrics: { metrics: Metric[] }[] }[];
  resourceSpans?: { resource: Attributed; scopeSpans: { spans: Span[] }[] }[];
}

export interface Attributed {
  attributes?: { key: string; value: { stringValue?: string; intValue?: string } }[];
}

export interface Metric {
  name: string;
  unit: string;
  sum?: { dataPoints: (Attributed & { asDouble?: number; asInt?: string })[] };
  histogram?: { dataPoints: (Attributed & { count: string })[] };
}

export interface Span extends Attributed {
  name: string;
  kind: number;
  traceId: string;
  parentSpanId: string;
}

export interface OtlpReceiver {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  endpoint: string;
  /** What has come, the first `count` once there are so many that match. */
  pushed<T>(find: (pushed: Pushed) => readonly T[], count?: number): Promise<T[]>;
}

/**
 * Starts the OTLP receiver of OpenTelemetry's Collector. Without Go the test is skipped, which is said, or fails where CI
 * is set. It is built the first time, in some minutes.
 */
export async function startOtlpReceiver(test: Context, cleanup: AsyncDisposableStack): Promise<OtlpReceiver> {
  const program = join(temporaryDirectory(join(tmpdir(), 'hello-webhook-test-'), cleanup), 'otlp-receiver');
  // Without inlining it is built faster.
  const { status, stderr } = runGo(test, 'the OTLP receiver', ['build', '-gcflags=all=-l', '-o', program, '.'], {
    cwd: join(import.meta.dirname, 'otlp-receiver'),
    env: { GOGC: '400', ...process.env, CGO_ENABLED: '0' },
  });
  if (status !== 0) throw new Error(`go build: ${stderr}`);
  const [port] = await freePorts(1);
  const receiver = startChild(program, [`127.0.0.1:${port}`], { cleanup });
  await receiver.waitFor((line) => line.includes('listening') || undefined);
  return { endpoint: `http://127.0.0.1:${port}`, pushed: (find, count = 1) => found(receiver, find, count) };
}

function found<T>(receiver: Child, find: (pushed: Pushed) => readonly T[], count: number): Promise<T[]> {
  const all: T[] = [];
  return receiver.waitFor((line) => {
    all.push(...find(JSON.parse(line)));
    return all.length >= count ? all : undefined;
  });
}
