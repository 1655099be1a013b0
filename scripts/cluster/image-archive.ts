import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, cp, mkdir, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { temporaryDirectory } from '../terminal/temporary-directory.ts';

/** A container image of files of this machine. */
export interface Image {
  /** With a registry and a tag: `docker.io/library/busybox:1.36`. */
  name: string;
  /** The machine's file or directory for each path in the image. A program brings its shared libraries along. */
  files: Record<string, string>;
  /** What each symbolic link points to. */
  links?: Record<string, string>;
  entrypoint?: string[];
  /** What runs where a Pod says no `args`, nor a `command`. */
  cmd?: string[];
  env?: string[];
  /** root where it is not set. */
  user?: string;
}

const run = promisify(execFile);

/** Makes the image, of one layer, as `docker save` would write it: for `ctr images import` or `docker load`. Returns its file, which goes with `cleanup`. */
export async function createImageArchive(
  image: Image,
  directory: string,
  cleanup: AsyncDisposableStack,
): Promise<string> {
  const work = temporaryDirectory(join(directory, 'image-'), cleanup);
  await writeRoot(image, join(work, 'root'));
  await run('tar', [
    ...reproducible,
    '--create',
    '--file',
    join(work, 'layer.tar'),
    '--directory',
    join(work, 'root'),
    '.',
  ]);
  const config = JSON.stringify(configOf(image, await sha256(join(work, 'layer.tar'))));
  const configFile = `${createHash('sha256').update(config).digest('hex')}.json`;
  const manifest = [{ Config: configFile, RepoTags: [image.name], Layers: ['layer.tar'] }];
  await writeFile(join(work, configFile), config);
  await writeFile(join(work, 'manifest.json'), JSON.stringify(manifest));
  const archive = join(work, 'image.tar');
  await run('tar', ['--create', '--file', archive, '--directory', work, 'manifest.json', configFile, 'layer.tar']);
  return archive;
}

/** The same files make the same layer, whoever's they are, and any user can read it. */
const reproducible = ['--owner=0', '--group=0', '--numeric-owner', '--mode=a+rX', '--sort=name', '--mtime=@0'];

async function writeRoot({ files, links = {} }: Image, root: string): Promise<void> {
  await mkdir(join(root, 'tmp'), { recursive: true });
  await chmod(join(root, 'tmp'), 0o1777);
  for (const [path, file] of Object.entries(files)) {
    const libraries = (await stat(file)).isFile() ? await sharedLibraries(file) : [];
    for (const [target, source] of [[path, file], ...libraries.map((library) => [library, library])] as const) {
      await mkdir(join(root, dirname(target)), { recursive: true });
      await cp(source, join(root, target), { recursive: true, dereference: true });
    }
  }
  for (const [link, target] of Object.entries(links)) {
    await mkdir(join(root, dirname(link)), { recursive: true });
    await symlink(target, join(root, link));
  }
}

/** The libraries that a program is loaded with, its loader too, where the loader looks for them; none where it is no program, or a static one. */
async function sharedLibraries(file: string): Promise<string[]> {
  const { stdout } = await run('ldd', [file]).catch(() => ({ stdout: '' }));
  return [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, library = '']) => library);
}

function configOf({ entrypoint, cmd, env = [], user = '' }: Image, layer: string): object {
  return {
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    config: {
      Entrypoint: entrypoint,
      Cmd: cmd,
      Env: ['PATH=/usr/local/bin:/usr/bin:/bin', ...env],
      User: user,
      WorkingDir: '/',
    },
    rootfs: { type: 'layers', diff_ids: [`sha256:${layer}`] },
  };
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
