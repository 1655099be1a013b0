/** No Pod is nested deeper than some twenty levels, and V8's stack bears ten times as many as this. */
const maxDepth = 1_000;

/**
 * The API server stores 1.5 MiB of a Pod at most, and a review has it twice at most: that many values would have ten
 * bytes each. Parsed, an empty object takes 56 bytes.
 */
const maxValues = 250_000;

const quote = 0x22;
const comma = 0x2c;
const backslash = 0x5c;
/** `[` and `{`, `]` and `}`, without the bit in which they differ. */
const opening = 0x5b;
const closing = 0x5d;

/**
 * Why a JSON text must not be parsed, which would take memory and stack out of proportion to its length: undefined where
 * it may. Counts separators outside of strings, and understands nothing else of JSON.
 */
export function oversize(text: Buffer): { status: 400 | 413; message: string } | undefined {
  let depth = 0;
  let values = 1;
  for (let at = 0; at < text.length && depth <= maxDepth && values <= maxValues; at++) {
    const byte = text[at] as number;
    if (byte === quote) at = endOfString(text, at + 1);
    else if (byte === comma) values++;
    else if ((byte & 0xdf) === closing) depth--;
    else if ((byte & 0xdf) === opening) {
      values++;
      depth++;
    }
  }
  if (depth > maxDepth) return { status: 400, message: `the body must not be nested deeper than ${maxDepth} levels` };
  return values > maxValues
    ? { status: 413, message: `the body must not hold more than ${maxValues} values` }
    : undefined;
}

/** Where the quote is that ends a string. */
function endOfString(text: Buffer, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== quote) at += text[at] === backslash ? 2 : 1;
  return at;
}
