import type { ErrorObject, ValidateFunction } from 'ajv';

/** What is wrong with a value, and where: keys and indices from its root. Holds names of fields, never their contents. */
export interface Problem {
  path: (string | number)[];
  message: string;
  /** Whether what is there cannot be used; otherwise something is missing, or one field too many. */
  isSpoilt?: boolean;
  /** Whether it is a number or a boolean where a string is meant, which quotes would make it. */
  isUnquoted?: boolean;
}

/** The problems that a compiled JSON Schema finds with a value. */
export function schemaProblems(validate: ValidateFunction, value: unknown): Problem[] {
  if (validate(value)) return [];
  // ajv reports a bad key twice: for the key itself and, as propertyNames, for the object around it.
  return (validate.errors ?? []).filter(({ keyword }) => keyword !== 'propertyNames').map(problemOf);
}

/** `injections[0].labels["a/b"]` */
export function fieldName(path: Problem['path']): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : /^\w+$/.test(key) ? `.${key}` : `["${key}"]`))
    .join('')
    .replace(/^\./, '');
}

function problemOf(error: ErrorObject): Problem {
  const { instancePath, keyword, params, parentSchema = {}, data, propertyName, message } = error;
  const path = instancePath
    .split('/')
    .slice(1)
    .map((key) => (/^\d+$/.test(key) ? Number(key) : key.replaceAll('~1', '/').replaceAll('~0', '~')));
  switch (keyword) {
    case 'required':
      return { path: [...path, params.missingProperty], message: 'is required' };
    case 'additionalProperties': {
      const known = Object.keys(parentSchema.properties).join(', ');
      return { path: [...path, params.additionalProperty], message: `is not a known field (known: ${known})` };
    }
    case 'type': {
      const isUnquoted = params.type === 'string' && (typeof data === 'number' || typeof data === 'boolean');
      return { path, isSpoilt: true, isUnquoted, message: `must be ${[params.type].flat().map(kindOf).join(' or ')}` };
    }
    case 'enum':
      return { path, isSpoilt: true, message: `must be one of ${params.allowedValues.join(', ')}` };
    case 'const':
      return { path, isSpoilt: true, message: `must be ${params.allowedValue}` };
    case 'minItems':
    case 'minLength':
      return { path, isSpoilt: true, message: 'must not be empty' };
    default:
      return {
        isSpoilt: true,
        path: propertyName === undefined ? path : [...path, propertyName],
        message: `must be ${parentSchema.description ?? message}`,
      };
  }
}

function kindOf(type: string): string {
  return { array: 'a list', object: 'an object', null: 'null' }[type] ?? `a ${type}`;
}
