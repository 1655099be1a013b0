import { isDeepStrictEqual } from 'node:util';
import {
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  stringify,
  visit,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { kubernetesYaml } from '../../function/injections/kubernetes-yaml.ts';
import type { Addition } from './addition.ts';
import { withoutAliases } from './aliases.ts';

/**
 * A text of YAML, or JSON, with additions, so that it reads as `expected`: what they do not touch stays as it is, to the
 * last space. Where something is added to what an alias stands for, each gets a copy of its own.
 */
export function withAdditions(text: string, additions: readonly Addition[], expected: unknown): string {
  if (/^\s*\{/.test(text)) return `${JSON.stringify(expected, undefined, 2)}\n`;
  for (const start of [() => text, () => withoutAliases(text)]) {
    const result = additions.reduce<string | undefined>(
      (changed, addition) => (changed === undefined ? undefined : withAddition(changed, addition)),
      start(),
    );
    // YAML has more ways to write than are known here.
    if (result !== undefined && isDeepStrictEqual(readingOf(result), expected)) return result;
  }
  return stringify(expected, { ...kubernetesYaml, lineWidth: 0 });
}

function readingOf(text: string): unknown {
  const document = parseDocument(text, kubernetesYaml);
  return document.errors.length > 0 ? undefined : document.toJS();
}

function withAddition(text: string, { parent, key, value }: Addition): string | undefined {
  const document = parseDocument(text, kubernetesYaml);
  const collection = parent.length === 0 ? document.contents : document.getIn(parent, true);
  const style = styleOf(document.contents, text);
  if (isSeq(collection)) {
    const isFlow = collection.flow || collection.items.length === 0;
    return isFlow ? intoFlow(text, collection, [value], style) : intoBlock(text, collection, [value], style);
  }
  if (!isMap(collection) || key === undefined) return undefined;
  const pair = collection.items.find((item) => isScalar(item.key) && item.key.value === key);
  if (pair) return replaced(text, pair, value, style);
  const isFlow = collection.flow || collection.items.length === 0;
  return (isFlow ? intoFlow : intoBlock)(text, collection, { [key]: value }, style);
}

/** How a text writes lists and maps. */
interface Style {
  /** Whether a list below a key is indented. */
  indentSeq: boolean;
  /** What is inside of braces: a space, or nothing. */
  padding: string;
}

function styleOf(root: unknown, text: string): Style {
  let indentSeq: boolean | undefined;
  visit(root as Node, {
    Pair: (_, { key, value }) => {
      if (!isSeq(value) || value.flow || !hasRange(key) || !hasRange(value)) return undefined;
      indentSeq = columnOf(text, value.range[0]) > columnOf(text, key.range[0]);
      return visit.BREAK;
    },
  });
  return { indentSeq: indentSeq ?? true, padding: /\{\w/.test(text) ? '' : ' ' };
}

/** With the entry of a list or map of one at the end of a collection in brackets. */
function intoFlow(text: string, collection: YAMLMap | YAMLSeq, entry: object, style: Style): string | undefined {
  const [start = 0, end = 0] = collection.range ?? [];
  const last = lastOf(collection);
  if (last === undefined) return text.slice(0, start) + flowText(entry, style) + text.slice(end);
  const inner = flowText(entry, style).slice(1, -1).trim();
  const at = endOf(last);
  return `${text.slice(0, at)}, ${inner}${text.slice(at)}`;
}

/** With the entry of a list or map of one below the last line of a collection. */
function intoBlock(text: string, collection: YAMLMap | YAMLSeq, entry: object, style: Style): string | undefined {
  const first = isMap(collection) ? collection.items[0]?.key : collection;
  if (!hasRange(first)) return undefined;
  const lineBreak = text.includes('\r\n') ? '\r\n' : '\n';
  const margin = ' '.repeat(columnOf(text, first.range[0]));
  const lines = stringify(entry, { ...kubernetesYaml, indentSeq: style.indentSeq, lineWidth: 0 })
    .trimEnd()
    .split('\n');
  const end = endOf(collection);
  const lineEnd = text[end - 1] === '\n' ? end - 1 : text.indexOf('\n', end);
  const [before, after] = lineEnd < 0 ? [text + lineBreak, ''] : [text.slice(0, lineEnd + 1), text.slice(lineEnd + 1)];
  const block = lines.map((line) => (line === '' ? line : margin + line) + lineBreak).join('');
  return before + block + after;
}

/** With another value for a key: one that was null, or a scalar. */
function replaced(text: string, { value: old }: Pair, value: unknown, style: Style): string | undefined {
  if (!isScalar(old) || !hasRange(old)) return undefined;
  const [start, end] = old.range;
  const [before, after] = [text.slice(0, start), text.slice(end)];
  const separated = [/\s$/.test(before) ? '' : ' ', flowText(value, style), after.startsWith('#') ? ' ' : ''];
  return before + separated.join('') + after;
}

/** A value in one line: `[{ name: app }]`. */
function flowText(value: unknown, { padding }: Pick<Style, 'padding'>): string {
  if (Array.isArray(value)) return `[${value.map((item) => flowText(item, { padding })).join(', ')}]`;
  if (typeof value !== 'object' || value === null) {
    return stringify([value], { ...kubernetesYaml, collectionStyle: 'flow', lineWidth: 0 })
      .trim()
      .slice(1, -1)
      .trim();
  }
  const pairs = Object.entries(value).map(
    ([key, inner]) => `${flowText(key, { padding })}: ${flowText(inner, { padding })}`,
  );
  return pairs.length > 0 ? `{${padding}${pairs.join(', ')}${padding}}` : '{}';
}

function lastOf(collection: YAMLMap | YAMLSeq): unknown {
  return (collection.items as unknown[]).at(-1);
}

/** Where the content of a node, or of a pair, ends: before a comment and a line break. */
function endOf(node: unknown): number {
  if ((isMap(node) || isSeq(node)) && !node.flow && node.items.length > 0) return endOf(lastOf(node));
  if (hasRange(node)) return node.range[1];
  const { key, value } = node as Pair;
  return Math.max(hasRange(key) ? key.range[1] : 0, value ? endOf(value) : 0);
}

function hasRange(node: unknown): node is { range: [number, number, number] } {
  return Array.isArray((node as { range?: unknown } | null)?.range);
}

function columnOf(text: string, offset: number): number {
  return offset - (text.lastIndexOf('\n', offset - 1) + 1);
}
