import { Ajv, type ValidateFunction } from 'ajv';
import reviewSchema from '../http/admission-review.schema.json' with { type: 'json' };
import podSchema from '../http/pod.schema.json' with { type: 'json' };
import injectionsSchema from './injections.schema.json' with { type: 'json' };

/** What compiles the schemas: to find all problems of a value, or the first, since finding all of a hostile one is work. */
export function compilerFor(find: 'all' | 'first'): Ajv {
  return new Ajv({ allErrors: find === 'all', verbose: true, ownProperties: true, code: { source: true } });
}

/** The JSON Schemas, and how much of what is wrong they are to find. */
export const schemas = {
  validateReview: [reviewSchema, 'first'],
  validatePod: [podSchema, 'first'],
  validateInjections: [injectionsSchema, 'all'],
} as const;

const compiled = ([schema, find]: (typeof schemas)[keyof typeof schemas]): ValidateFunction =>
  compilerFor(find).compile(schema);

export const validateReview = compiled(schemas.validateReview);
export const validatePod = compiled(schemas.validatePod);
export const validateInjections = compiled(schemas.validateInjections);
