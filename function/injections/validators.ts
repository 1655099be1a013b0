import injectionsSchema from './injections.schema.json' with { type: 'json' };
import { compile, type Schemas } from './schema-compiler.ts';

export const schemas = { validateInjections: [injectionsSchema, 'all'] } as const satisfies Schemas;

export const validateInjections = compile(schemas.validateInjections);
