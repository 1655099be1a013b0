import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import { kubernetesYaml } from '../../function/injections/kubernetes-yaml.ts';

/** The value in a YAML file, or undefined where there is none. */
export function readYaml(file: string): unknown {
  return existsSync(file) ? parse(readFileSync(file, 'utf8'), kubernetesYaml) : undefined;
}

/** Writes a value below the comment that the file begins with, if it does. */
export function writeYaml(file: string, value: unknown): void {
  const comment = existsSync(file) ? /^(#.*\n)*/.exec(readFileSync(file, 'utf8'))?.[0] : '';
  writeFileSync(file, `${comment}${formatYaml(value)}`);
}

export function formatYaml(value: unknown): string {
  return stringify(value, { ...kubernetesYaml, lineWidth: 0, aliasDuplicateObjects: false });
}
