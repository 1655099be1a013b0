import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parse, stringify } from 'yaml';
import { kubernetesYaml } from '../../function/injections/kubernetes-yaml.ts';

/** The value in a YAML file, or undefined where there is none. Throws an Error that names the file where it is not YAML. */
export function readYaml(file: string): unknown {
  if (!existsSync(file)) return undefined;
  try {
    return parse(readFileSync(file, 'utf8'), kubernetesYaml);
  } catch (error) {
    throw new Error(`${basename(file)}: ${(error as Error).message}`, { cause: error });
  }
}

/** Writes a value below the comment that the file begins with, if it does. */
export function writeYaml(file: string, value: unknown): void {
  const comment = existsSync(file) ? /^(#.*\n)*/.exec(readFileSync(file, 'utf8'))?.[0] : '';
  writeFileSync(file, `${comment}${formatYaml(value)}`);
}

export function formatYaml(value: unknown): string {
  return stringify(value, { ...kubernetesYaml, lineWidth: 0, aliasDuplicateObjects: false });
}
