import { type Document, isSeq, visit } from 'yaml';
import { columnOf, hasRange } from './place.ts';

/** How a text writes lists and maps. */
export interface Style {
  /** Whether a list below a key is indented. */
  indentSeq: boolean;
  /** What is inside of braces: a space, or nothing. */
  padding: string;
}

/** By the first list in a text, and its first map in braces. */
export function styleOf(document: Document, text: string): Style {
  let indentSeq = true;
  visit(document, {
    Pair: (_, { key, value }) => {
      if (!isSeq(value) || value.flow || !hasRange(key) || !hasRange(value)) return undefined;
      indentSeq = columnOf(text, value.range[0]) > columnOf(text, key.range[0]);
      return visit.BREAK;
    },
  });
  return { indentSeq, padding: /\{\w/.test(text) ? '' : ' ' };
}
