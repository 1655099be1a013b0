import { compile, type Schemas } from '../injections/schema-compiler.ts';
import reviewSchema from './admission-review.schema.json' with { type: 'json' };
import podSchema from './pod.schema.json' with { type: 'json' };

export const schemas = {
  validateReview: [reviewSchema, 'first'],
  validatePod: [podSchema, 'first'],
} as const satisfies Schemas;

export const validateReview = compile(schemas.validateReview);
export const validatePod = compile(schemas.validatePod);
