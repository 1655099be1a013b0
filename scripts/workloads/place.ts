import { isMap, isSeq, type Pair } from 'yaml';

/** Whether a node was read from a text, and so stands somewhere in it. */
export function hasRange(node: unknown): node is { range: [start: number, end: number, next: number] } {
  return Array.isArray((node as { range?: unknown } | null | undefined)?.range);
}

/** Where the content of a node, or of a pair, ends: before a comment and a line break. */
export function endOf(node: unknown): number {
  if ((isMap(node) || isSeq(node)) && !node.flow && node.items.length > 0) return endOf(node.items.at(-1));
  if (hasRange(node)) return node.range[1];
  const { key, value } = node as Pair;
  return Math.max(hasRange(key) ? key.range[1] : 0, value ? endOf(value) : 0);
}

/** How far from the beginning of its line a place in a text is. */
export function columnOf(text: string, offset: number): number {
  return offset - (text.lastIndexOf('\n', offset - 1) + 1);
}
