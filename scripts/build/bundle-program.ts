import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { noticesOf } from './notices.ts';
import { compiledSchemas, parsedDefaults, root } from './plugins.ts';

/**
 * Bundles `hello-webhook`, the program, into a directory that needs nothing but Node, the manifests and the function's
 * bundle: `hello-webhook.mjs`, a chunk for what each command loads, and `relay.mjs`, a process of `cluster`. The directory lies two below the project's, as
 * the folders of scripts/ do, so that `../../manifests` leads to the same place from either. A release's has an image to
 * deploy by default.
 */
export async function bundleProgram(directory: string, releasedImage?: string): Promise<void> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { 'hello-webhook': 'scripts/hello-webhook.ts', relay: 'scripts/cluster/relay.ts' },
    outdir: join(directory, 'program'),
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    define: { RELEASED_IMAGE: releasedImage === undefined ? 'undefined' : JSON.stringify(releasedImage) },
    // For the dependencies that are CommonJS.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    plugins: [parsedDefaults, compiledSchemas],
    minify: true,
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
  });
  writeFileSync(join(directory, 'program', 'NOTICES.txt'), noticesOf(Object.keys(metafile.inputs)));
}
