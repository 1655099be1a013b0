/** `npm run build`: bundles the function into dist/start.cjs, which needs nothing but Node beside it. */
import { build, type Plugin } from 'esbuild';
import { defaultInjections } from '../function/default-injections.ts';

/** The default configuration is parsed here and not at every start. */
const parsedDefaults: Plugin = {
  name: 'parsed-defaults',
  setup: ({ onLoad }) => {
    onLoad({ filter: /\/default-injections\.ts$/ }, () => ({
      contents: `export const defaultInjections = ${JSON.stringify(defaultInjections)};`,
    }));
  },
};

await build({
  entryPoints: ['function/start.ts'],
  outfile: 'dist/start.cjs',
  bundle: true,
  platform: 'node',
  // CommonJS starts faster than ESM, and the dependencies are CommonJS themselves.
  format: 'cjs',
  target: 'node20',
  minifySyntax: true,
  legalComments: 'none',
  logLevel: 'info',
  plugins: [parsedDefaults],
});
