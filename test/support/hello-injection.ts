import { readFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';

const defaults = parse(readFileSync('function/injections/injections.yaml', 'utf8')) as { injections: object[] };

/** A file with the default injection, as it is but for these fields. */
export function helloInjectionWith(fields: object): string {
  return stringify({ injections: [{ ...defaults.injections[0], ...fields }] });
}

/** A file with the default injection. */
export const helloInjection = helloInjectionWith({});

/** A Pod that asks for it. */
export const helloPod = {
  metadata: { name: 'app', labels: { hello: 'true' } },
  spec: { containers: [{ name: 'app', image: 'app:1' }] },
};
