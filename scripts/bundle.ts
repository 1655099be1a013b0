import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
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

/** Bundles the function into one file that needs nothing but Node beside it; says which files went in. */
export async function bundle(outfile: string): Promise<string[]> {
  const { metafile } = await build({
    absWorkingDir: fileURLToPath(new URL('..', import.meta.url)),
    entryPoints: ['function/start.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    // CommonJS starts faster than ESM, and the dependencies are CommonJS themselves.
    format: 'cjs',
    target: 'node20',
    minifySyntax: true,
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
    plugins: [parsedDefaults],
  });
  return Object.keys(metafile.inputs);
}
