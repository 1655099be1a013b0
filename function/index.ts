import { http } from '@google-cloud/functions-framework';
import { readInjections } from './configuration.ts';
import { defaultInjections } from './default-injections.ts';
import { createHandler } from './handler.ts';
import { hostWhenListening } from './host.ts';
import { log } from './log.ts';
import { review } from './review.ts';

const file = process.env.INJECTIONS;
const injections = file ? readInjections(file) : defaultInjections;
http('mutate', createHandler({ review: (request) => review(request, injections), log }));
hostWhenListening(log);
