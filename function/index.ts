import { http } from '@google-cloud/functions-framework';
import { readInjections } from './configuration.ts';
import { createCopies } from './copies.ts';
import { defaultInjections } from './default-injections.ts';
import { createHandler, type Reviewer } from './handler.ts';
import { hostWhenListening } from './host.ts';
import { log } from './log.ts';
import { review } from './review.ts';

const file = process.env.INJECTIONS;
const injections = file ? readInjections(file) : defaultInjections;
const withCopies = createCopies(async () => (await import('./cluster.ts')).connectToCluster(process.env));

const decide: Reviewer = (request, deadline) => {
  const decided = review(request, injections);
  return decided.ensure.length > 0 ? withCopies(decided, request.namespace ?? '', deadline()) : decided;
};

export const mutate = createHandler({ review: decide, log });

http('mutate', mutate);
hostWhenListening(log);
