import { isDeepStrictEqual } from 'node:util';
import { type Document, isMap, isSeq, parseDocument, stringify } from 'yaml';
import { kubernetesYaml } from '../../function/injections/kubernetes-yaml.ts';
import type { Addition } from './addition.ts';
import { withoutAliases } from './aliases.ts';
import { applyEdits, type Edit, intoBlock, intoFlow, replaced } from './edit.ts';
import { styleOf } from './style.ts';

/**
 * A text of YAML, or JSON, with additions, so that it reads as `expected`: what they do not touch stays as it is, to the
 * last space. Where something is added to what an alias stands for, each gets a copy of its own.
 */
export function withAdditions(text: string, additions: readonly Addition[], expected: unknown): string {
  if (/^\s*\{/.test(text)) return `${JSON.stringify(expected, undefined, indentOf(text))}\n`;
  const whole = text.endsWith('\n') ? text : `${text}${text.includes('\r\n') ? '\r\n' : '\n'}`;
  for (const start of [() => whole, () => withoutAliases(whole)]) {
    const edited = withEdits(start(), additions);
    // YAML has more ways to write than are known here.
    if (edited !== undefined && isDeepStrictEqual(readingOf(edited), expected)) return edited;
  }
  return stringify(expected, { ...kubernetesYaml, lineWidth: 0 });
}

/** JSON in one line, or what is written like it, as a text whose lines a diff can show; any other text as it is. */
export function inLines(text: string): string {
  if (!/^\{.*\}\s*$/.test(text)) return text;
  return `${JSON.stringify(readingOf(text), undefined, indentOf(text))}\n`;
}

/** That of JSON: kubectl's is four spaces. */
function indentOf(json: string): string {
  return /^\s*\{\r?\n([ \t]+)/.exec(json)?.[1] ?? '  ';
}

function readingOf(text: string): unknown {
  const document = parseDocument(text, kubernetesYaml);
  return document.errors.length > 0 ? undefined : document.toJS();
}

/** Undefined where one of the additions goes to where the text spells out nothing. */
function withEdits(text: string, additions: readonly Addition[]): string | undefined {
  const document = parseDocument(text, kubernetesYaml);
  const edits = additions.map((addition) => editsFor(text, document, addition));
  return edits.every((some) => some !== undefined) ? applyEdits(text, edits.flat()) : undefined;
}

function editsFor(text: string, document: Document, { parent, entries }: Addition): Edit[] | undefined {
  const node = parent.length === 0 ? document.contents : document.getIn(parent, true);
  if (!isMap(node) && !isSeq(node)) return undefined;
  const style = styleOf(document, text);
  const into = node.flow || node.items.length === 0 ? intoFlow : intoBlock;
  if (Array.isArray(entries)) return all([into(text, node, entries, style)]);
  const pairs = Object.entries(entries);
  const there = pairs.filter(([key]) => isMap(node) && node.has(key));
  const others = Object.fromEntries(pairs.filter(([key]) => isMap(node) && !node.has(key)));
  return all([
    ...there.map(([key, value]) => replaced(text, node.get(key, true), value, style)),
    ...(Object.keys(others).length > 0 ? [into(text, node, others, style)] : []),
  ]);
}

function all(edits: (Edit | undefined)[]): Edit[] | undefined {
  return edits.every((edit) => edit !== undefined) ? edits : undefined;
}
