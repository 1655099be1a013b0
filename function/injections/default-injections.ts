import { fileURLToPath } from 'node:url';
import { readInjections } from './load.ts';

/** The injections of injections.yaml beside this file. The build puts what was read in this module's place. */
export const defaultInjections = readInjections(fileURLToPath(new URL('injections.yaml', import.meta.url)));
