import {
  type Attributes,
  DiagLogLevel,
  diag,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
} from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Log } from '../http/log.ts';

/** What is counted and timed. */
export type Observation =
  | {
      type: 'request';
      /** Of the Unix epoch, in ms. */
      startTime: number;
      durationMs: number;
      /** None where the client went away. */
      status: number | undefined;
      /** The caller's (https://www.w3.org/TR/trace-context/). */
      traceparent: string | undefined;
    }
  | {
      type: 'decision';
      outcome: string;
      injections: readonly { injection: string; outcome: 'injected' | 'skipped' | 'denied'; reason?: string }[];
    };

/** Where observations go. */
export interface Exporter {
  record(observation: Observation): void;
  /** Pushes what has not been pushed yet; gives up after a few seconds, which the log says. */
  flush(): Promise<void>;
}

/** Shorter than what the drain has left. */
const flushMs = 5_000;

/** In s: a warm review takes a tenth of a millisecond, and a cold start is not seen from inside. */
const durationBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * The exporter of OpenTelemetry's SDK, over HTTP with protobuf. Endpoint, headers, interval, resource and temporality are
 * those of the SDK's environment variables, `OTEL_…`; names are those of its semantic conventions where they have one:
 *
 * | instrument                             | unit          | attributes                                                                     |
 * |----------------------------------------|---------------|--------------------------------------------------------------------------------|
 * | `http.server.request.duration`         | s             | `http.request.method`, `http.route`, `http.response.status_code`, `error.type`  |
 * | `hello_webhook.reviews`                | `{review}`    | `hello_webhook.outcome`                                                        |
 * | `hello_webhook.injections`             | `{injection}` | `hello_webhook.injection`, `hello_webhook.outcome`, `hello_webhook.reason`      |
 * | span `POST /mutate`, of kind SERVER    |               | as the first                                                                   |
 */
export function createExporter(env: NodeJS.ProcessEnv, log: Log): Exporter {
  const warn = (message: string) => log('WARNING', `OpenTelemetry: ${message}`);
  const silent = () => {};
  const logger = { error: warn, warn, info: silent, debug: silent, verbose: silent };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  // The revision is the version of what is served, and its Pod the instance, whose counters begin anew.
  const knative = {
    'service.name': env.K_SERVICE ?? 'hello-webhook',
    ...(env.K_REVISION && { 'service.version': env.K_REVISION }),
    ...(env.HOSTNAME && { 'service.instance.id': env.HOSTNAME }),
  };
  const resource = defaultResource()
    .merge(resourceFromAttributes(knative))
    .merge(detectResources({ detectors: [envDetector] }));
  const interval = Number(env.OTEL_METRIC_EXPORT_INTERVAL) || 60_000;
  const reader = new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter(),
    exportIntervalMillis: interval,
    exportTimeoutMillis: Math.min(interval, 30_000),
  });
  const meters = new MeterProvider({ resource, readers: [reader] });
  const tracers = new TracerProvider({
    resource,
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })],
  });
  const meter = meters.getMeter('hello-webhook');
  const tracer = tracers.getTracer('hello-webhook');
  const duration = meter.createHistogram('http.server.request.duration', {
    unit: 's',
    advice: { explicitBucketBoundaries: durationBuckets },
  });
  const reviews = meter.createCounter('hello_webhook.reviews', { unit: '{review}' });
  const injections = meter.createCounter('hello_webhook.injections', { unit: '{injection}' });
  const recordRequest = ({ startTime, durationMs, status, traceparent }: Request) => {
    const attributes = attributesOf(status);
    duration.record(durationMs / 1000, attributes);
    const parent = propagation.extract(ROOT_CONTEXT, { traceparent });
    const span = tracer.startSpan('POST /mutate', { kind: SpanKind.SERVER, startTime, attributes }, parent);
    if (attributes['error.type'] !== undefined) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end(startTime + durationMs);
  };
  return {
    record: (observation) => {
      if (observation.type === 'request') return recordRequest(observation);
      reviews.add(1, { 'hello_webhook.outcome': observation.outcome });
      for (const { injection, outcome, reason } of observation.injections) {
        injections.add(1, {
          'hello_webhook.injection': injection,
          'hello_webhook.outcome': outcome,
          ...(reason !== undefined && { 'hello_webhook.reason': reason }),
        });
      }
    },
    flush: async () => {
      const pushed = Promise.all([
        meters.forceFlush({ timeoutMillis: flushMs }),
        tracers.forceFlush({ timeoutMillis: flushMs }),
      ]);
      await pushed.catch((error: Error) => warn(error.message));
    },
  };
}

type Request = Extract<Observation, { type: 'request' }>;

function attributesOf(status: number | undefined): Attributes {
  const error = status === undefined ? 'aborted' : status >= 500 ? String(status) : undefined;
  return {
    'http.request.method': 'POST',
    'http.route': '/mutate',
    'url.scheme': 'http',
    ...(status !== undefined && { 'http.response.status_code': status }),
    ...(error !== undefined && { 'error.type': error }),
  };
}
