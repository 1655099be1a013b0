import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where programs that are fetched or built once are kept. */
export const cacheDirectory = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'hello-webhook');
