import { createEnsure } from '../copies/ensure.ts';
import { callersOf } from '../http/caller-tokens.ts';
import { createHandler, type Decide } from '../http/handler.ts';
import { log } from '../http/log.ts';
import { defaultInjections } from '../injections/default-injections.ts';
import { readInjections } from '../injections/load.ts';
import { uncheckedSources } from '../injections/volume.ts';
import { callNames } from '../review/namespaces.ts';
import { review } from '../review/review.ts';
import { createTelemetry, type Telemetry } from '../telemetry/telemetry.ts';

const file = process.env.INJECTIONS;
const injections = file ? readInjections(file) : defaultInjections;
for (const line of uncheckedSources(injections)) log('WARNING', line);
const ensure = createEnsure(async () => (await import('../copies/config-maps.ts')).connectToCluster(process.env));

/** Metrics and traces; none, and nothing of them loaded, where no endpoint is named. */
export const telemetry: Telemetry | undefined = process.env.OTEL_EXPORTER_OTLP_ENDPOINT
  ? createTelemetry(async () => (await import('../telemetry/otlp.ts')).createExporter(process.env, log), log)
  : undefined;

const decide: Decide = (request, deadline, name) => {
  const decision = review(request, injections, name);
  return decision.ensure.length > 0 ? ensure(decision, request.namespace ?? '', deadline()) : decision;
};

const handler = createHandler({
  decide: telemetry?.counted(decide) ?? decide,
  log,
  takeToken: callersOf(process.env.CALLER_TOKENS, log),
  names: callNames(injections),
});

/** The function: handles AdmissionReviews by the injections of the file that INJECTIONS names, or by the default ones; of callers with a token of the file that CALLER_TOKENS names. */
export const mutate = telemetry?.timed(handler) ?? handler;
