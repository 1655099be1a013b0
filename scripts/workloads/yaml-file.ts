import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { isMap, isScalar, LineCounter, type Node, parse, parseDocument, stringify } from 'yaml';
import { meantBy } from '../../function/injections/kubernetes-type.ts';
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

/**
 * The fields in a YAML file, undefined where there is none; `known` are those of `what`. Throws an Error that names the
 * file and the line where it is no YAML, no map, or has a field that is not known.
 */
export function readFields(file: string, what: string, known: readonly string[]): Record<string, unknown> | undefined {
  const value = readYaml(file);
  if (value === undefined || value === null) return undefined;
  const lineCounter = new LineCounter();
  const { contents } = parseDocument(readFileSync(file, 'utf8'), { ...kubernetesYaml, lineCounter });
  const fail = (node: Node, message: string): never => {
    const { line, col } = lineCounter.linePos(node.range?.[0] ?? 0);
    throw new Error(`${basename(file)}:${line}:${col}: ${message}`);
  };
  if (!isMap<Node>(contents)) return fail(contents as Node, `must be fields of ${what}`);
  for (const { key } of contents.items) {
    const field = isScalar(key) ? String(key.value) : '';
    if (known.includes(field)) continue;
    const meant = meantBy(field, known);
    const hint = meant ? `did you mean ${meant}?` : `known: ${known.join(', ')}`;
    fail(key, `${field}: is not a field of ${what} (${hint})`);
  }
  return value as Record<string, unknown>;
}

/** Writes a value below the comment that the file begins with, if it does. */
export function writeYaml(file: string, value: unknown): void {
  const comment = existsSync(file) ? /^(#.*\n)*/.exec(readFileSync(file, 'utf8'))?.[0] : '';
  writeFileSync(file, `${comment}${formatYaml(value)}`);
}

export function formatYaml(value: unknown): string {
  return stringify(value, { ...kubernetesYaml, lineWidth: 0, aliasDuplicateObjects: false });
}
