import { isMap, isScalar, stringify, type YAMLMap, type YAMLSeq } from 'yaml';
import { kubernetesYaml } from '../../function/injections/kubernetes-yaml.ts';
import { columnOf, endOf, hasRange } from './place.ts';
import type { Style } from './style.ts';

/** What comes in the place of a part of a text. */
export interface Edit {
  start: number;
  end: number;
  text: string;
  /** Of two at the same place, the deeper one comes first. */
  column: number;
}

/** The text with these edits, of which no two overlap. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  let done = '';
  let from = 0;
  for (const edit of edits.toSorted((one, other) => one.start - other.start || other.column - one.column)) {
    done += text.slice(from, edit.start) + edit.text;
    from = edit.end;
  }
  return done + text.slice(from);
}

/** Entries at the end of a list or map in brackets. */
export function intoFlow(text: string, node: YAMLMap | YAMLSeq, entries: object, { padding }: Style): Edit | undefined {
  if (!hasRange(node)) return undefined;
  const [start, end] = node.range;
  const column = columnOf(text, start);
  const last = node.items.at(-1);
  if (last === undefined) return { start, end, column, text: flowText(entries, padding) };
  const at = endOf(last);
  return { start: at, end: at, column, text: `, ${flowText(entries, padding).slice(1, -1).trim()}` };
}

/** Entries below the last line of a list or map, in a text that ends with a line break. */
export function intoBlock(text: string, node: YAMLMap | YAMLSeq, entries: object, style: Style): Edit | undefined {
  const first = isMap(node) ? node.items[0]?.key : node;
  if (!hasRange(first)) return undefined;
  const column = columnOf(text, first.range[0]);
  const lineBreak = text.includes('\r\n') ? '\r\n' : '\n';
  const lines = stringify(entries, { ...kubernetesYaml, indentSeq: style.indentSeq, lineWidth: 0 })
    .trimEnd()
    .split('\n');
  const block = lines.map((line) => (line === '' ? line : ' '.repeat(column) + line) + lineBreak).join('');
  const end = endOf(node);
  const at = text[end - 1] === '\n' ? end : text.indexOf('\n', end) + 1;
  return { start: at, end: at, column, text: block };
}

/** Another value in the place of null or a scalar. */
export function replaced(text: string, node: unknown, value: unknown, { padding }: Style): Edit | undefined {
  if (!isScalar(node) || !hasRange(node)) return undefined;
  const [start, end] = node.range;
  const before = /\s/.test(text[start - 1] ?? '') ? '' : ' ';
  const after = text[end] === '#' ? ' ' : '';
  return { start, end, column: columnOf(text, start), text: before + flowText(value, padding) + after };
}

/** A value in one line: `[{ name: app }]`. */
function flowText(value: unknown, padding: string): string {
  if (Array.isArray(value)) return `[${value.map((item) => flowText(item, padding)).join(', ')}]`;
  if (typeof value !== 'object' || value === null) {
    return stringify([value], { ...kubernetesYaml, collectionStyle: 'flow', lineWidth: 0 })
      .trim()
      .slice(1, -1)
      .trim();
  }
  const pairs = Object.entries(value).map(([key, inner]) => `${flowText(key, padding)}: ${flowText(inner, padding)}`);
  return pairs.length > 0 ? `{${padding}${pairs.join(', ')}${padding}}` : '{}';
}
