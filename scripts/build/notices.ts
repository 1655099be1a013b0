import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './plugins.ts';

interface Package {
  name: string;
  version: string;
  license?: string;
}

/**
 * The notices of the packages that the files of a bundle are from, which their licences have go along with them: each
 * once, by name and version, so that the same bundle has the same text. Throws where a package says nothing of a licence.
 */
export function noticesOf(files: readonly string[]): string {
  const directories = new Set(files.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []));
  const notices = [...directories].map(noticeOf);
  return [...new Set(notices)].sort().join(`\n${'-'.repeat(80)}\n\n`);
}

function noticeOf(directory: string): string {
  const path = join(root, directory);
  const { name, version, license }: Package = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
  const texts = readdirSync(path)
    .filter((file) => /^(licen[cs]e|notice|copying)/i.test(file))
    .sort()
    .map((file) => readFileSync(join(path, file), 'utf8').trim());
  if (texts.length === 0 && !license) throw new Error(`${directory} has no licence: it cannot be bundled`);
  return `${[`${name} ${version}${license ? `, ${license}` : ''}`, ...texts].join('\n\n')}\n`;
}
