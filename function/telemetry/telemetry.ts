import type { IncomingMessage } from 'node:http';
import { now } from '../http/clock.ts';
import type { Decide, Handler } from '../http/handler.ts';
import type { Log } from '../http/log.ts';
import type { Decision } from '../review/review.ts';
import type { Exporter, Observation } from './otlp.ts';

/** Metrics and traces of the function, pushed to where `OTEL_EXPORTER_OTLP_ENDPOINT` says. */
export interface Telemetry {
  /** The same handler, whose requests are timed. */
  timed(handler: Handler): Handler;
  /** The same decisions, counted. */
  counted(decide: Decide): Decide;
  /** Pushes what has not been pushed yet: a scrape would miss a function that scales to zero. */
  flush(): Promise<void>;
}

/** Of what is observed before the SDK has been loaded; more are dropped. */
const maxWaiting = 1_000;

/**
 * Telemetry that loads the OpenTelemetry SDK, by `load`, once the first answer has been sent: a cold start has none of it.
 * Where it cannot be loaded, the log says so once, and the function serves without it.
 */
export function createTelemetry(load: () => Promise<Exporter>, log: Log): Telemetry {
  let waiting: Observation[] = [];
  let exporter: Exporter | undefined;
  let loading: Promise<void> | undefined;
  const start = async () => {
    // The answer's log record goes first.
    await new Promise((resolve) => setImmediate(resolve));
    try {
      exporter = await load();
      for (const observation of waiting) exporter.record(observation);
    } catch (error) {
      log('WARNING', `no metrics and traces: ${(error as Error).message}`);
    }
    waiting = [];
  };
  const observe = (observation: Observation) => {
    if (exporter) exporter.record(observation);
    else if (waiting.length < maxWaiting) waiting.push(observation);
  };
  return {
    timed: (handler) => (request, response) => {
      if (request.method !== 'POST') return handler(request, response);
      const [startTime, started] = [Date.now(), now()];
      response.once('close', () => {
        const durationMs = now() - started;
        const status = response.writableFinished ? response.statusCode : undefined;
        observe({ type: 'request', startTime, durationMs, status, traceparent: traceparentOf(request) });
        loading ??= start();
      });
      return handler(request, response);
    },
    counted:
      (decide) =>
      async (...call) => {
        const decision = await decide(...call);
        observe({ type: 'decision', outcome: decision.outcome, injections: resultsOf(decision) });
        return decision;
      },
    flush: async () => {
      await loading;
      await exporter?.flush();
    },
  };
}

function traceparentOf({ headers }: IncomingMessage): string | undefined {
  const { traceparent } = headers;
  return typeof traceparent === 'string' ? traceparent : undefined;
}

function resultsOf({
  injections,
  leftOut,
  outcome,
}: Decision): Extract<Observation, { type: 'decision' }>['injections'] {
  return [
    ...injections.map((injection) => ({ injection, outcome: 'injected' as const })),
    ...leftOut.map(({ injection, reason }) => ({
      injection,
      outcome: outcome === 'denied' ? ('denied' as const) : ('skipped' as const),
      reason,
    })),
  ];
}
