import { readFileSync } from 'node:fs';
import { isMap, isNode, isScalar, LineCounter, type ParsedNode, parseDocument } from 'yaml';
import { defaultInjections } from './default-injections.ts';
import { type DeclaredInjection, type Injection, injectionProblems, withDefaults } from './injection.ts';
import schema from './injections.schema.json' with { type: 'json' };
import { fieldName, type Problem, validator } from './schema.ts';

/** A configuration that cannot be used. Its message has a line for each problem: `FILE:LINE:COLUMN: field: what is wrong`. */
export class ConfigurationError extends Error {
  override name = 'ConfigurationError';
}

/**
 * The injections of the file that `env.INJECTIONS` names, or the default ones where it names none.
 * Throws a ConfigurationError with every problem of the file, also when it cannot be read.
 */
export function loadInjections(env: NodeJS.ProcessEnv): Injection[] {
  return env.INJECTIONS ? readInjections(env.INJECTIONS) : defaultInjections.map(withDefaults);
}

/** The injections of a YAML or JSON file. Throws a ConfigurationError with every problem of it. */
export function readInjections(file: string): Injection[] {
  return parseInjections(readText(file), file);
}

/** The injections of a YAML or JSON text; `file` is its name in a ConfigurationError. */
export function parseInjections(text: string, file: string): Injection[] {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { ...kubernetesYaml, lineCounter, prettyErrors: false });
  const contents = document.contents as ParsedNode | null;
  const value: unknown = document.errors.length > 0 ? undefined : document.toJS();
  const problems =
    document.errors.length > 0
      ? document.errors.map(({ pos, code, message }) => ({
          offset: pos[0],
          text: code === 'MULTIPLE_DOCS' ? 'the file: must be a single document' : message,
        }))
      : configurationProblems(value).map(({ path, message }) => ({
          offset: offsetOf(contents, path),
          text: `${fieldName(path) || 'the file'}: ${message}`,
        }));
  if (problems.length === 0) return (value as { injections: DeclaredInjection[] }).injections.map(withDefaults);
  problems.sort((one, other) => one.offset - other.offset);
  const lines = problems.map(({ offset, text }) => {
    const { line, col } = lineCounter.linePos(offset);
    return `${file}:${line}:${col}: ${text}`;
  });
  throw new ConfigurationError(lines.join('\n'));
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigurationError(`${file}: cannot be read: ${(error as Error).message}`);
  }
}

/** YAML as kubectl reads it (sigs.k8s.io/yaml): 0644 is octal and `yes` is true, but dates and 1:30 are strings. */
const kubernetesYaml = {
  version: '1.1',
  merge: true,
  customTags: (tags: readonly { tag?: string; format?: string }[]) =>
    tags.filter(({ tag, format }) => tag !== 'tag:yaml.org,2002:timestamp' && format !== 'TIME'),
} as object;

const shapeProblems = validator(schema, 'all');

/** Every problem of a parsed configuration: those of shape, and those of sense of each injection whose shape is right. */
function configurationProblems(value: unknown): Problem[] {
  const shape = shapeProblems(value);
  const entries = (value as { injections?: unknown } | null)?.injections;
  if (!Array.isArray(entries)) return shape;
  const misshapen = new Set(shape.map(({ path }) => path[1]));
  const sound: DeclaredInjection[] = entries.filter((_, index) => !misshapen.has(index));
  const sense = sound.flatMap((injection) => {
    const place = ['injections', entries.indexOf(injection)];
    return injectionProblems(injection, sound).map(({ path, message }) => ({ path: [...place, ...path], message }));
  });
  return [...shape, ...sense];
}

/** Where a field stands in the text; where it is missing, the place of what lacks it. */
function offsetOf(root: ParsedNode | null, path: Problem['path']): number {
  let node: unknown = root;
  let offset = root?.range[0] ?? 0;
  for (const key of path) {
    const pair = isMap(node) ? node.items.find((item) => isScalar(item.key) && item.key.value === key) : undefined;
    const child =
      isNode(node) && 'get' in node ? (node.get as (key: unknown, keepScalar: true) => unknown)(key, true) : undefined;
    const place = pair?.key ?? child;
    if (!isNode(place)) break;
    offset = place.range?.[0] ?? offset;
    node = child;
  }
  return offset;
}
