import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { defaultInjections } from '../function/default-injections.ts';

/** The default configuration is read here, where it fails the build if it is bad, and not at every start. */
const parsedDefaults: Plugin = {
  name: 'parsed-defaults',
  setup: ({ onLoad }) => {
    onLoad({ filter: /\/function\/default-injections\.ts$/ }, () => ({
      contents: `export const defaultInjections = ${JSON.stringify(defaultInjections)};`,
    }));
  },
};

/** Access to the cluster is as large as all the rest, and seldom needed: a file of its own, loaded when it is. */
const clusterApart: Plugin = {
  name: 'cluster-apart',
  setup: ({ onResolve }) => {
    onResolve({ filter: /^\.\/cluster\.ts$/ }, () => ({ path: './cluster.cjs', external: true }));
  },
};

const options = {
  absWorkingDir: fileURLToPath(new URL('..', import.meta.url)),
  bundle: true,
  platform: 'node',
  // CommonJS starts faster than ESM, and most dependencies are CommonJS themselves.
  format: 'cjs',
  target: 'node20',
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
} satisfies BuildOptions;

/**
 * Bundles the function into `start.cjs` in a directory, which needs nothing but Node beside it, and `cluster.cjs`, which
 * is loaded where an injection says `ensure`. Says which files went into the first.
 */
export async function bundle(directory: string): Promise<string[]> {
  const [{ metafile }] = await Promise.all([
    build({
      ...options,
      entryPoints: ['function/start.ts'],
      outfile: join(directory, 'start.cjs'),
      minifySyntax: true,
      plugins: [parsedDefaults, clusterApart],
    }),
    build({ ...options, entryPoints: ['function/cluster.ts'], outfile: join(directory, 'cluster.cjs'), minify: true }),
  ]);
  return Object.keys(metafile.inputs);
}
