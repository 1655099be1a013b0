import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import standaloneCode from 'ajv/dist/standalone/index.js';
import type { Plugin } from 'esbuild';
import { schemas as httpSchemas } from '../../function/http/validators.ts';
import { defaultInjections } from '../../function/injections/default-injections.ts';
import { compilerFor, type Schemas } from '../../function/injections/schema-compiler.ts';
import { schemas as injectionSchemas } from '../../function/injections/validators.ts';

/** The project's directory. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** The default configuration is read here, where it fails the build if it is bad, and not at every start. */
export const parsedDefaults: Plugin = {
  name: 'parsed-defaults',
  setup: ({ onLoad }) => {
    onLoad({ filter: /\/function\/injections\/default-injections\.ts$/ }, () => ({
      contents: `export const defaultInjections = ${JSON.stringify(defaultInjections)};`,
    }));
  },
};

/** Kubernetes' types as a text, parsed where a file has to be checked: as an object they would be made from the code cache. */
export const typesAsText: Plugin = {
  name: 'types-as-text',
  setup: ({ onLoad }) => {
    onLoad({ filter: /\/function\/injections\/volume\.schema\.json$/ }, ({ path }) => {
      const text = JSON.stringify(JSON.parse(readFileSync(path, 'utf8')));
      return { contents: `export default JSON.parse(${JSON.stringify(text)});`, loader: 'js' };
    });
  },
};

/** The schemas are compiled here: loading ajv and compiling takes a start longer than all the rest. */
export const compiledSchemas: Plugin = {
  name: 'compiled-schemas',
  setup: ({ onLoad, onResolve }) => {
    const schemas: Schemas = { ...httpSchemas, ...injectionSchemas };
    onLoad({ filter: /\/function\/(http|injections)\/validators\.ts$/ }, ({ path }) => ({
      contents: Object.keys(path.includes('/http/') ? httpSchemas : injectionSchemas)
        .map((name) => `export { default as ${name} } from 'compiled:${name}';`)
        .join('\n'),
    }));
    onResolve({ filter: /^compiled:/ }, ({ path }) => ({ path, namespace: 'compiled' }));
    onLoad({ filter: /^compiled:/, namespace: 'compiled' }, ({ path }) => {
      const entry = schemas[path.replace('compiled:', '')];
      if (!entry) throw new Error(`no schema is called ${path}`);
      const ajv = compilerFor(entry);
      return { contents: standaloneCode.default(ajv, ajv.compile(entry[0])), resolveDir: root };
    });
  },
};
