import { http } from '@google-cloud/functions-framework';
import { serveInFramework } from './runtime/framework.ts';
import { createMutate } from './runtime/function.ts';

const { mutate } = await createMutate();

/** Registers the function with the functions framework, whose command line starts here: `npm run dev`. */
http('mutate', mutate);
serveInFramework(mutate);
