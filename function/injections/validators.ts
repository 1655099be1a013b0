import injectionsSchema from './injections.schema.json' with { type: 'json' };
import { compile, type Schemas } from './schema-compiler.ts';

/** The schema without its `allOf`, Kubernetes' types for an editor: kubernetes-type.ts judges them, with better messages. */
const schema: object = JSON.parse(
  JSON.stringify(injectionsSchema, (key, value) => (key === 'allOf' ? undefined : value)),
);

export const schemas = { validateInjections: [schema, 'all'] } as const satisfies Schemas;

export const validateInjections = compile(schemas.validateInjections);
