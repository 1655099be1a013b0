import { readFileSync } from 'node:fs';
import { isMap, isNode, isScalar, isSeq, LineCounter, type Pair, type ParsedNode, parseDocument } from 'yaml';
import { type DeclaredInjection, type Injection, withDefaults } from '../review/injection.ts';
import { oneLine } from '../review/text.ts';
import { conflictProblems } from './conflicts.ts';
import { injectionProblems } from './injection-problems.ts';
import { kubernetesYaml, otherReadings } from './kubernetes-yaml.ts';
import { fieldName, type Problem, schemaProblems } from './schema.ts';
import { selfChecks } from './self-check.ts';
import { validateInjections } from './validators.ts';

/** A configuration that cannot be used. Its message has a line for each problem: `FILE:LINE:COLUMN: field: what is wrong`. */
export class ConfigurationError extends Error {
  override name = 'ConfigurationError';
}

/** The injections of a YAML or JSON file. Throws a ConfigurationError with every problem, also where it cannot be read. */
export function readInjections(file: string): Injection[] {
  return parseInjections(readText(file), file);
}

/** The injections of a YAML or JSON text; `file` is its name in a ConfigurationError. */
export function parseInjections(text: string, file: string): Injection[] {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { ...kubernetesYaml, lineCounter, prettyErrors: false });
  const fail = (problems: { offset: number; text: string }[]): never => {
    const lines = problems
      .sort((one, other) => one.offset - other.offset)
      .map(({ offset, text }) => {
        const { line, col } = lineCounter.linePos(offset);
        return `${file}:${line}:${col}: ${text}`;
      });
    throw new ConfigurationError(lines.join('\n'));
  };
  if (document.errors.length > 0) fail(document.errors.map(yamlProblem));
  const readings = otherReadings(document, text);
  if (readings.length > 0) fail(readings);
  const value = unlessThrown(
    () => document.toJS() as unknown,
    ({ message }) => fail([{ offset: 0, text: message }]),
  );
  const problems = configurationProblems(value);
  if (problems.length === 0) {
    const injections = (value as { injections: DeclaredInjection[] }).injections.map(withDefaults);
    problems.push(...selfProblems(injections));
    if (problems.length === 0) return injections;
  }
  return fail(problems.map((problem) => atItsPlace(problem, document.contents as ParsedNode | null)));
}

function selfProblems(injections: readonly Injection[]): Problem[] {
  return selfChecks(injections).flatMap((message, index) => {
    const name = injections[index]?.name;
    return message === undefined ? [] : [{ path: ['injections', index], message: `${name} ${message}` }];
  });
}

function readText(file: string): string {
  return unlessThrown(
    () => readFileSync(file, 'utf8'),
    ({ message, code }) => {
      throw new ConfigurationError(code === 'ENOENT' ? `${file} not found` : `${file}: cannot be read: ${message}`);
    },
  );
}

function unlessThrown<T>(attempt: () => T, otherwise: (error: NodeJS.ErrnoException) => T): T {
  try {
    return attempt();
  } catch (error) {
    return otherwise(error as Error);
  }
}

function yamlProblem({ pos, code, message }: { pos: [number, number]; code: string; message: string }) {
  return { offset: pos[0], text: code === 'MULTIPLE_DOCS' ? 'the file: must be a single document' : message };
}

/** Every problem of a parsed configuration: those of shape, and those of sense of each field whose shape is right. */
function configurationProblems(value: unknown): Problem[] {
  const other = otherThanInjections(value);
  if (other !== undefined) return [{ path: [], message: other }];
  const shape = schemaProblems(validateInjections, value);
  const entries = (value as { injections?: unknown } | null)?.injections;
  if (!Array.isArray(entries)) return shape;
  const spoilt = entries.map(() => new Set<string | number | undefined>());
  for (const { path, isSpoilt } of shape) if (isSpoilt) spoilt[Number(path[1])]?.add(path[2]);
  const sound = entries.map((entry, index) => soundFields(entry, spoilt[index] ?? new Set()));
  const sense = sound.flatMap((injection, index) => {
    // Of what is no map, there is nothing more to say.
    if (spoilt[index]?.has(undefined)) return [];
    const isMisshapen = (field: string) => spoilt[index]?.has(field) ?? false;
    return injectionProblems(injection, isMisshapen).map((problem) => ({
      ...problem,
      path: ['injections', index, ...problem.path],
    }));
  });
  return [...shape, ...sense, ...conflictProblems(sound)];
}

/** What is said of a file that cannot begin with `injections:`; undefined where it may. */
function otherThanInjections(value: unknown): string | undefined {
  const kind = kindOf(value);
  if (kind !== undefined) return wholeObject(kind);
  if (value === null) return 'is empty: must begin with injections:';
  if (Array.isArray(value)) return 'is a list: must begin with injections:';
  return typeof value === 'object' ? undefined : 'must begin with injections:';
}

/** The kind of a whole Kubernetes object, as which a file of injections may have been given; undefined where it is none. */
function kindOf(value: unknown): string | undefined {
  const { apiVersion, kind, injections } = (value ?? {}) as Record<string, unknown>;
  const isObject = typeof apiVersion === 'string' && typeof kind === 'string' && injections === undefined;
  return isObject ? oneLine(kind) : undefined;
}

function wholeObject(kind: string): string {
  return kind === 'ConfigMap'
    ? 'is a whole ConfigMap: give the text below its data alone, which begins with injections:'
    : `is a ${kind}: must begin with injections:`;
}

/** The fields of an entry that are as the schema has them; none of what is no map. */
function soundFields(entry: unknown, spoilt: ReadonlySet<string | number | undefined>): Partial<DeclaredInjection> {
  if (typeof entry !== 'object' || entry === null || spoilt.has(undefined)) return {};
  return Object.fromEntries(Object.entries(entry).filter(([field]) => !spoilt.has(field)));
}

/** A problem in words, and where in the text it is. */
function atItsPlace({ path, message, isUnquoted }: Problem, root: ParsedNode | null): { offset: number; text: string } {
  const { offset, node } = placeOf(root, path);
  const hint = isScalar(node) ? `write "${node.source}", in quotes` : 'write it in quotes';
  return { offset, text: `${fieldName(path) || 'the file'}: ${message}${isUnquoted ? `: ${hint}` : ''}` };
}

/** Where a field stands in the text, with its value; where it is missing, the place of what lacks it. */
function placeOf(root: ParsedNode | null, path: Problem['path']): { offset: number; node: unknown } {
  let node: unknown = root;
  let offset = root?.range[0] ?? 0;
  for (const key of path) {
    // A key may have been read as a boolean or a number; in the value's path it is a string.
    const isNamed = ({ key: name }: Pair) => isScalar(name) && String(name.value) === String(key);
    const pair = isMap(node) ? node.items.find(isNamed) : undefined;
    node = isSeq(node) ? node.items[Number(key)] : pair?.value;
    const place = pair?.key ?? node;
    if (!isNode(place)) break;
    offset = place.range?.[0] ?? offset;
  }
  return { offset, node };
}
