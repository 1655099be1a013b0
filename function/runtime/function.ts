import { createEnsure } from '../copies/ensure.ts';
import { callersOf } from '../http/caller-tokens.ts';
import { createHandler, type Decide, type Handler } from '../http/handler.ts';
import { log } from '../http/log.ts';
import { defaultInjections } from '../injections/default-injections.ts';
import type { Injection } from '../review/injection.ts';
import { callNames } from '../review/namespaces.ts';
import { review } from '../review/review.ts';
import { createTelemetry, type Telemetry } from '../telemetry/telemetry.ts';

export interface Mutate {
  /** Handles AdmissionReviews. */
  mutate: Handler;
  /** Metrics and traces; none, and nothing of them loaded, where no endpoint is named. */
  telemetry: Telemetry | undefined;
}

/**
 * The function: decides by the injections of the file that INJECTIONS names, or by the default ones, for callers with a
 * token of the file that CALLER_TOKENS names. Throws a ConfigurationError with every problem of the injections, and an
 * Error where the tokens cannot be used.
 */
export async function createMutate(): Promise<Mutate> {
  const injections = await readConfigured(process.env.INJECTIONS);
  const ensure = createEnsure(async () => (await import('../copies/config-maps.ts')).connectToCluster(process.env));
  const telemetry = process.env.OTEL_EXPORTER_OTLP_ENDPOINT
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
  return { mutate: telemetry?.timed(handler) ?? handler, telemetry };
}

/** What reads and checks a file is loaded only where there is one: the default injections are checked by the build. */
async function readConfigured(file: string | undefined): Promise<readonly Injection[]> {
  if (!file) return defaultInjections;
  const { readInjections } = await import('../injections/load.ts');
  const { uncheckedSources } = await import('../injections/volume.ts');
  const injections = readInjections(file);
  for (const line of uncheckedSources(injections)) log('WARNING', line);
  return injections;
}
