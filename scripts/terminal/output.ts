/**
 * What the commands show people, all of it through here: much of it comes from a cluster, where a tenant may have written
 * escape codes for the terminal of whoever reads it, or text that runs from right to left.
 */
const unprintable = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** Shows a text, and a newline after it, on stdout. */
export function print(text = ''): void {
  // biome-ignore lint/suspicious/noConsole: the one place for it; a write of our own would throw where the reader has gone.
  console.log(printable(text));
}

/** The same on stderr. */
export function printError(text: string): void {
  // biome-ignore lint/suspicious/noConsole: as above.
  console.error(printable(text));
}

/** A text without control characters, but for newlines and tabs. */
export function printable(text: string): string {
  return text.replace(unprintable, (character) => (character === '\n' || character === '\t' ? character : ''));
}

/** A text in one line, without control characters. */
export function oneLine(text: string): string {
  return text.replace(/[\n\r\t]+/g, ' ').replace(unprintable, '');
}

/** A text as one word of a POSIX shell, without control characters; in quotes where it takes them. */
export function quoted(text: string): string {
  const word = text.replace(unprintable, '');
  return /^[\w%+,./:=@-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/**
 * A command to be copied into a shell: shell`kubectl -n ${namespace} delete pod ${name}`. Each value is quoted, whoever
 * has written it; of a list, each element is a word.
 */
export function shell(texts: TemplateStringsArray, ...values: (string | readonly string[] | undefined)[]): string {
  const words = values.map((value = '') => (typeof value === 'string' ? quoted(value) : value.map(quoted).join(' ')));
  return String.raw({ raw: texts }, ...words);
}
