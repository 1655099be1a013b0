import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Build } from '../local/go-program.ts';
import { temporaryDirectory } from '../terminal/temporary-directory.ts';
import { functionImage, loadImage } from './images.ts';
import type { Namespaces } from './namespaces.ts';
import { stateDirectory } from './state.ts';

const run = promisify(execFile);
const project = fileURLToPath(new URL('../..', import.meta.url));

/** Loads an image of the function on the node: with its code cache, as the Dockerfile has it made. */
export async function loadFunction(node: Namespaces, { progress, cleanup }: Build): Promise<void> {
  progress(`loading ${functionImage}`);
  // In a checkout the bundle may be older than the function.
  if (import.meta.filename.endsWith('.ts')) await run(process.execPath, ['scripts/build/build.ts'], { cwd: project });
  const directory = temporaryDirectory(join(stateDirectory, 'function-'), cleanup);
  for (const file of globSync(join(project, 'dist/*.cjs'))) await copyFile(file, join(directory, basename(file)));
  await run(process.execPath, [join(directory, 'make-code-cache.cjs')]);
  const program = '/usr/local/bin/node';
  await loadImage(
    {
      name: functionImage,
      files: { [program]: process.execPath, '/function': directory },
      entrypoint: [program, '/function/start.cjs'],
      env: ['NODE_ENV=production'],
      user: '65532',
    },
    node,
  );
}
