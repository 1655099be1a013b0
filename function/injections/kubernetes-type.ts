import type { Problem } from './schema.ts';
import volumeSchema from './volume.schema.json' with { type: 'json' };

/** What else is wrong with an object of one of Kubernetes' types; it gets those fields only that are of their types. */
export type Rules = (type: string, object: Fields) => Problem[];

export type Fields = Readonly<Record<string, unknown>>;

/** As volume.schema.json has types: a small part of JSON Schema, read here in less code than ajv would make of it. */
interface Type {
  $ref?: string;
  type?: string | string[];
  format?: string;
  required?: string[];
  properties?: Record<string, Type>;
  items?: Type;
  additionalProperties?: boolean | Type;
}

/** The Kubernetes whose types are known. */
export const { version: kubernetesVersion } = volumeSchema;

const definitions: Readonly<Record<string, Type | undefined>> = volumeSchema.definitions;

/** The names of a type's fields. */
export function fieldsOf(name: string): string[] {
  return Object.keys(definitions[name]?.properties ?? {});
}

/**
 * What is wrong with a value of one of Kubernetes' types, by its name: fields of other types, unknown and missing ones,
 * and what `rules` say of each object in it whose fields are right so far. Paths are from the value.
 */
export function typeProblems(name: string, value: unknown, rules: Rules): Problem[] {
  return problemsOf({ $ref: `#/definitions/${name}` }, value, rules);
}

function problemsOf(declared: Type, value: unknown, rules: Rules): Problem[] {
  // Null is what an unset field is.
  if (value === null || value === undefined) return [];
  const name = declared.$ref?.slice('#/definitions/'.length);
  const type = name === undefined ? declared : (definitions[name] ?? {});
  const misfit = misfitOf(type, value);
  if (misfit) return [{ path: [], ...misfit }];
  if (Array.isArray(value)) return value.flatMap((item, index) => at(index, itemProblems(type.items, item, rules)));
  if (typeof value !== 'object') return [];
  const fields = value as Fields;
  const problems = [
    ...Object.entries(fields).flatMap(([field, child]) => at(field, fieldProblems(type, field, child, rules))),
    ...missingProblems(type, fields),
  ];
  if (name === undefined) return problems;
  const wrong = new Set(problems.filter(({ path }) => path.length === 1).map(({ path }) => path[0]));
  const isSound = ([field, child]: [string, unknown]) => child !== null && !wrong.has(field);
  const ruled = rules(name, Object.fromEntries(Object.entries(fields).filter(isSound)));
  return [...problems, ...ruled.filter(({ path }) => !wrong.has(path[0] ?? ''))];
}

function itemProblems(type: Type = {}, item: unknown, rules: Rules): Problem[] {
  return item === null ? [{ path: [], message: 'must not be empty' }] : problemsOf(type, item, rules);
}

function fieldProblems(type: Type, field: string, value: unknown, rules: Rules): Problem[] {
  const { properties, additionalProperties } = type;
  const known = properties && Object.hasOwn(properties, field) ? properties[field] : undefined;
  if (known) return problemsOf(known, value, rules);
  if (typeof additionalProperties === 'object') return itemProblems(additionalProperties, value, rules);
  // An object without fields of its own, of any content.
  return properties ? unknownField(field, Object.keys(properties)) : [];
}

/** What is said of a field that is none: the API server drops it without a word. */
function unknownField(field: string, known: readonly string[]): Problem[] {
  const meant = meantBy(field, known);
  const hint = meant ? `did you mean ${meant}?` : `known: ${known.join(', ')}`;
  return [{ path: [], message: `is not a field that Kubernetes ${kubernetesVersion} knows there (${hint})` }];
}

/** Which of the known names was meant by one that differs by its capitals, or by a letter or two, or is the end of it. */
export function meantBy(name: string, known: readonly string[]): string | undefined {
  const lower = name.toLowerCase();
  const distances = known.map((one) => ({ one, distance: editDistance(lower, one.toLowerCase()) }));
  const nearest = distances.sort((one, other) => one.distance - other.distance)[0];
  if (nearest && nearest.distance <= Math.min(2, name.length / 3)) return nearest.one;
  return known.find((one) => one.toLowerCase().endsWith(lower));
}

/** How many letters have to be put in, left out or replaced (Levenshtein). */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...one].entries()) {
    const next = [index + 1];
    for (let at = 0; at < other.length; at++) {
      const replaced = (row[at] ?? 0) + (letter === other[at] ? 0 : 1);
      next.push(Math.min(replaced, (row[at + 1] ?? 0) + 1, (next[at] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}

/** A number that is missing is 0 to the API server, which is for the rules to judge. */
function missingProblems({ required = [], properties = {} }: Type, fields: Fields): Problem[] {
  return required
    .filter((field) => properties[field]?.type !== 'integer' && isEmpty(fields[field]))
    .map((field) => ({ path: [field], message: 'is required' }));
}

/** Whether the API server sees nothing there. */
export function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
}

function misfitOf({ type, format }: Type, value: unknown): Omit<Problem, 'path'> | undefined {
  const types = [type ?? []].flat();
  if (types.length === 0 || types.some((one) => isOfType(one, format, value))) return undefined;
  const kinds = types.map((one) => kindOf[one] ?? `a ${one}`).join(' or ');
  return { message: `must be ${kinds}`, isUnquoted: kinds === 'a string' && typeof value !== 'object' };
}

const kindOf: Readonly<Record<string, string>> = { array: 'a list', object: 'an object', integer: 'a whole number' };

function isOfType(type: string, format: string | undefined, value: unknown): boolean {
  switch (type) {
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && !Array.isArray(value);
    case 'integer':
      return Number.isSafeInteger(value) && (format !== 'int32' || Math.abs(Number(value)) < 2 ** 31);
    // One without end can not be written in JSON.
    case 'number':
      return Number.isFinite(value);
    default:
      return typeof value === type;
  }
}

function at(key: string | number, problems: Problem[]): Problem[] {
  return problems.map((problem) => ({ ...problem, path: [key, ...problem.path] }));
}
