import { http } from '@google-cloud/functions-framework';
import { createCopies } from './copies/copies.ts';
import { createHandler, type Reviewer } from './http/handler.ts';
import { log } from './http/log.ts';
import { defaultInjections } from './injections/default-injections.ts';
import { readInjections } from './injections/injections.ts';
import { review } from './review/review.ts';
import { hostWhenListening } from './runtime/host.ts';

const file = process.env.INJECTIONS;
const injections = file ? readInjections(file) : defaultInjections;
const withCopies = createCopies(async () => (await import('./copies/config-maps.ts')).connectToCluster(process.env));

const decide: Reviewer = (request, deadline) => {
  const decided = review(request, injections);
  return decided.ensure.length > 0 ? withCopies(decided, request.namespace ?? '', deadline()) : decided;
};

export const mutate = createHandler({ review: decide, log });

http('mutate', mutate);
hostWhenListening(log);
