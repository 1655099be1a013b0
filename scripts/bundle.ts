import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import standaloneCode from 'ajv/dist/standalone/index.js';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { defaultInjections } from '../function/default-injections.ts';
import { compilerFor, schemas } from '../function/validators.ts';

/** The default configuration is read here, where it fails the build if it is bad, and not at every start. */
const parsedDefaults: Plugin = {
  name: 'parsed-defaults',
  setup: ({ onLoad }) => {
    onLoad({ filter: /\/function\/default-injections\.ts$/ }, () => ({
      contents: `export const defaultInjections = ${JSON.stringify(defaultInjections)};`,
    }));
  },
};

/** The schemas are compiled here: loading ajv and compiling takes a start longer than all the rest. */
const compiledSchemas: Plugin = {
  name: 'compiled-schemas',
  setup: ({ onLoad, onResolve }) => {
    const names = Object.keys(schemas) as (keyof typeof schemas)[];
    onLoad({ filter: /\/function\/validators\.ts$/ }, () => ({
      contents: names.map((name) => `export { default as ${name} } from 'compiled:${name}';`).join('\n'),
    }));
    onResolve({ filter: /^compiled:/ }, ({ path }) => ({ path, namespace: 'compiled' }));
    onLoad({ filter: /^compiled:/, namespace: 'compiled' }, ({ path }) => {
      const [schema, find] = schemas[path.replace('compiled:', '') as keyof typeof schemas];
      const ajv = compilerFor(find);
      return { contents: standaloneCode.default(ajv, ajv.compile(schema)), resolveDir: root };
    });
  },
};
const root = fileURLToPath(new URL('..', import.meta.url));

/** Access to the cluster is as large as all the rest, and seldom needed: a file of its own, loaded when it is. */
const clusterApart: Plugin = {
  name: 'cluster-apart',
  setup: ({ onResolve }) => {
    onResolve({ filter: /^\.\/cluster\.ts$/ }, () => ({ path: './cluster.cjs', external: true }));
  },
};

const options = {
  absWorkingDir: root,
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
      plugins: [parsedDefaults, compiledSchemas, clusterApart],
    }),
    build({ ...options, entryPoints: ['function/cluster.ts'], outfile: join(directory, 'cluster.cjs'), minify: true }),
  ]);
  return Object.keys(metafile.inputs);
}
