import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { noticesOf } from './notices.ts';
import { compiledSchemas, parsedDefaults, root, typesAsText } from './plugins.ts';

/** What is as large as all the rest, and seldom needed: files of their own, loaded when they are. */
const apart = { 'config-maps': 'function/copies/config-maps.ts', otlp: 'function/telemetry/otlp.ts' };

const loadedApart: Plugin = {
  name: 'loaded-apart',
  setup: ({ onResolve }) => {
    for (const [name, source] of Object.entries(apart)) {
      const filter = new RegExp(`/${source.split('/').slice(1).join('/').replace('.', '\\.')}$`);
      onResolve({ filter }, () => ({ path: `./${name}.cjs`, external: true }));
    }
  },
};

const options = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  // CommonJS starts faster than ESM, and most dependencies are CommonJS themselves.
  format: 'cjs',
  target: 'node24',
  define: { 'import.meta.dirname': '__dirname' },
  // What runs from a code cache has no import(), but the require that it was given.
  supported: { 'dynamic-import': false },
  // Names are kept, for the stack traces in the log.
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
} satisfies BuildOptions;

/** Packages as ES modules, where they have them: less is loaded, and a call takes a look-up less. */
const esModules = {
  mainFields: ['module', 'main'],
  // Of its own accord it gives them to browsers alone.
  alias: { yaml: join(root, 'node_modules/yaml/browser/index.js') },
} satisfies BuildOptions;

/** As `loadWithCodeCache` runs the function: to wrap it at each start would copy it. */
const wrapper = {
  banner: { js: '(function (exports, require, module) {' },
  footer: { js: '})' },
} satisfies BuildOptions;

/**
 * Bundles the function into a directory that needs nothing but Node:
 *
 * | file                  | what it is                                                                             |
 * |-----------------------|----------------------------------------------------------------------------------------|
 * | `start.cjs`           | what Node is started with: runs `function.cjs`, with its code cache where there is one |
 * | `function.cjs`        | the function and its server, as a function of `exports`, `require` and `module`        |
 * | `config-maps.cjs`     | access to the cluster, loaded where an injection says `ensure`                         |
 * | `otlp.cjs`            | OpenTelemetry's SDK, loaded where an endpoint is named, after the first answer         |
 * | `make-code-cache.cjs` | makes the code cache, `function.HASH.cache`                                            |
 * | `NOTICES.txt`         | the notices of the packages that are in these files                                    |
 *
 * Says which files went into the function.
 */
export async function bundleFunction(directory: string): Promise<string[]> {
  const bundled: string[] = [];
  const write = async (name: string, more: BuildOptions): Promise<string[]> => {
    const { metafile } = await build({ ...options, outfile: join(directory, `${name}.cjs`), ...more });
    const inputs = Object.keys(metafile?.inputs ?? {});
    bundled.push(...inputs);
    return inputs;
  };
  const plugins = [parsedDefaults, typesAsText, compiledSchemas, loadedApart];
  const inputs = await write('function', { entryPoints: ['function/start.ts'], plugins, ...esModules, ...wrapper });
  const source = readFileSync(join(directory, 'function.cjs'));
  // As Latin-1 it is read fastest (function/runtime/code-cache.ts). esbuild escapes strings, but no regular expressions.
  if (source.some((byte) => byte > 0x7f))
    throw new Error('function.cjs has characters beyond ASCII, and is not read as UTF-8');
  const hash = createHash('sha256').update(source).digest('hex').slice(0, 16);
  const calls = (name: string, module: string) => ({
    stdin: {
      contents: `import { ${name} } from './${module}'; ${name}(import.meta.dirname, '${hash}');`,
      resolveDir: join(root, 'function'),
    },
  });
  await write('start', calls('loadWithCodeCache', 'runtime/code-cache.ts'));
  await write('make-code-cache', calls('makeCodeCache', 'runtime/make-code-cache.ts'));
  for (const [name, source] of Object.entries(apart))
    await write(name, { entryPoints: [source], minifyIdentifiers: true });
  writeFileSync(join(directory, 'NOTICES.txt'), noticesOf(bundled));
  return inputs;
}
