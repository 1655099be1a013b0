import { http } from '@google-cloud/functions-framework';
import { loadInjections } from './configuration.ts';
import { createHandler } from './handler.ts';
import { hostWhenListening } from './host.ts';
import { log } from './log.ts';
import { review } from './review.ts';

const injections = loadInjections(process.env);
http('mutate', createHandler({ review: (request) => review(request, injections), log }));
hostWhenListening(log);
