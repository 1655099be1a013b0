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
