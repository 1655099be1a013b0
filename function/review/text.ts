/** The API server cuts a warning over 256 characters, advises at most 120, and drops one with control characters. */
export function brief(text: string): string {
  const characters = [...text];
  return characters.length <= 120 ? text : `${characters.slice(0, 119).join('')}…`;
}

/** A text for people, bounded: a path may be as long as a Pod. */
export function oneLine(text: string): string {
  return text
    .slice(0, 1024)
    .replace(/\p{Cc}+/gu, ' ')
    .toWellFormed();
}

/** The first of many lines, and how many more there are: nobody reads them all, and an API server does not store them. */
export function bounded(lines: readonly string[], most = 20): string[] {
  const more = lines.length - most;
  return more > 0 ? [...lines.slice(0, most), `and ${more} more`] : [...lines];
}
