import { Ajv, type ValidateFunction } from 'ajv';

/** JSON Schemas by the name of their validator, and how much of what is wrong each finds: finding all of a hostile value is work. */
export type Schemas = Readonly<Record<string, readonly [schema: object, find: 'all' | 'first']>>;

/** The validator of a schema. The build compiles it beforehand: to load ajv takes a start longer than all the rest. */
export function compile(entry: Schemas[string]): ValidateFunction {
  return compilerFor(entry).compile(entry[0]);
}

export function compilerFor([, find]: Schemas[string]): Ajv {
  return new Ajv({ allErrors: find === 'all', verbose: true, ownProperties: true, code: { source: true } });
}
