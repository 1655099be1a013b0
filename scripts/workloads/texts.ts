import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { text as read } from 'node:stream/consumers';

/** A text and what to call it: its file, or `stdin`. */
export interface Text {
  name: string;
  text: string;
}

/**
 * The texts of files, of those in a directory that kubectl takes for manifests, and of stdin, which is `-`. Throws an Error
 * that names a place where there is none.
 */
export async function readTexts(places: readonly string[]): Promise<Text[]> {
  const texts: Text[] = [];
  for (const place of places) {
    if (place === '-') texts.push({ name: 'stdin', text: await read(process.stdin) });
    else for (const name of filesAt(place)) texts.push({ name, text: readFileSync(name, 'utf8') });
  }
  return texts;
}

function filesAt(place: string): string[] {
  const found = statSync(place, { throwIfNoEntry: false });
  if (!found) throw new Error(`${place} not found`);
  if (!found.isDirectory()) return [place];
  const names = readdirSync(place).filter((name) => /\.(ya?ml|json)$/.test(name));
  if (names.length === 0) throw new Error(`${place}: no manifest in it (.yaml, .yml or .json)`);
  return names.sort().map((name) => join(place, name));
}
