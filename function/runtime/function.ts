import { createEnsure } from '../copies/ensure.ts';
import { callersOf } from '../http/caller-tokens.ts';
import { createHandler, type Decide } from '../http/handler.ts';
import { log } from '../http/log.ts';
import { defaultInjections } from '../injections/default-injections.ts';
import { readInjections } from '../injections/load.ts';
import { uncheckedSources } from '../injections/volume.ts';
import { review } from '../review/review.ts';

const file = process.env.INJECTIONS;
const injections = file ? readInjections(file) : defaultInjections;
for (const line of uncheckedSources(injections)) log('WARNING', line);
const ensure = createEnsure(async () => (await import('../copies/config-maps.ts')).connectToCluster(process.env));

const decide: Decide = (request, deadline) => {
  const decision = review(request, injections);
  return decision.ensure.length > 0 ? ensure(decision, request.namespace ?? '', deadline()) : decision;
};

/** The function: handles AdmissionReviews by the injections of the file that INJECTIONS names, or by the default ones; of callers with a token of the file that CALLER_TOKENS names. */
export const mutate = createHandler({ decide, log, takeToken: callersOf(process.env.CALLER_TOKENS, log) });
