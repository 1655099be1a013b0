import { styleText } from 'node:util';
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';
import { printable } from './output.ts';

/** A unified diff of two versions of a file, in colour where `stream` is a terminal that has it; empty where they are the same. */
export function formatDiff(file: string, before: string, after: string, stream: NodeJS.WriteStream): string {
  if (before === after) return '';
  const options = { context: 3, headerOptions: FILE_HEADERS_ONLY };
  const diff = createTwoFilesPatch(file, file, before, after, undefined, undefined, options);
  // Where it is not shown, it has to fit the files.
  return (stream.isTTY ? printable(diff) : diff).replace(/^.*$/gm, (line) => coloured(line, stream));
}

function coloured(line: string, stream: NodeJS.WriteStream): string {
  const paint = (style: Parameters<typeof styleText>[0]) => styleText(style, line, { stream });
  if (/^(---|\+\+\+) /.test(line)) return paint('bold');
  if (line.startsWith('@@')) return paint('cyan');
  if (line.startsWith('+')) return paint('green');
  return line.startsWith('-') ? paint('red') : line;
}
