import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { DeclaredInjection } from './injection.ts';

/** The injections of injections.yaml beside this file. The build puts the parsed file in this module's place. */
export const { injections: defaultInjections }: { injections: DeclaredInjection[] } = parse(
  readFileSync(new URL('injections.yaml', import.meta.url), 'utf8'),
);
