/**
 * `npm run volume-schema`: writes function/injections/volume.schema.json, the types of volumes, volumeMounts and variables, from
 * the OpenAPI that Kubernetes publishes in its Go module. Needs Go.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kubernetesVersion } from '../local/control-plane.ts';
import { downloadGoModule } from '../local/go-program.ts';
import { root } from './plugins.ts';

/** Where Kubernetes' module has the OpenAPI of the core API. */
export const openApiFile = 'api/openapi-spec/v3/api__v1_openapi.json';

type Schema = Readonly<Record<string, unknown>>;

/** The types that are looked for, and those that they are made of. */
const roots = ['Volume', 'VolumeMount', 'EnvVar'].map((name) => `io.k8s.api.core.v1.${name}`);

/**
 * A JSON Schema of volumes, volumeMounts and variables, as the API server reads them: `definitions` by their short names. What is
 * for people or for clients (descriptions, defaults, merge keys) is left out.
 */
export function volumeSchema(openApi: string, version: string): object {
  const { schemas } = JSON.parse(openApi).components as { schemas: Record<string, Schema> };
  const definitions: Record<string, unknown> = {};
  const pending = [...roots];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (Object.hasOwn(definitions, shortName(name))) continue;
    definitions[shortName(name)] = reduced(schemas[name] ?? {}, (found) => pending.push(found));
  }
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Kubernetes volumes, volumeMounts and variables',
    description: `Of k8s.io/kubernetes ${version}, ${openApiFile}; made by npm run volume-schema.`,
    version,
    definitions: Object.fromEntries(Object.entries(definitions).sort(([one], [other]) => (one < other ? -1 : 1))),
  };
}

function reduced(schema: Schema, found: (name: string) => void): Schema {
  const { type, format, required, properties, items, additionalProperties, allOf, oneOf, $ref } = schema;
  const nested = (value: unknown) => reduced(value as Schema, found);
  if (Array.isArray(allOf)) return nested(allOf[0]);
  if (Array.isArray(oneOf)) return { type: oneOf.map((one) => one.type) };
  if (typeof $ref === 'string') {
    const name = $ref.slice($ref.lastIndexOf('/') + 1);
    found(name);
    return { $ref: `#/definitions/${shortName(name)}` };
  }
  const entries = Object.entries((properties ?? {}) as Record<string, unknown>);
  return {
    type,
    ...(typeof format === 'string' && { format }),
    ...(required !== undefined && { required }),
    ...(properties !== undefined && {
      additionalProperties: false,
      properties: Object.fromEntries(entries.map(([name, value]) => [name, nested(value)])),
    }),
    ...(items !== undefined && { items: nested(items) }),
    ...(additionalProperties !== undefined && { additionalProperties: nested(additionalProperties) }),
  };
}

function shortName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

if (import.meta.main) {
  await using cleanup = new AsyncDisposableStack();
  const build = { progress: () => {}, cleanup };
  const { directory } = await downloadGoModule('k8s.io/kubernetes', kubernetesVersion, build);
  const schema = volumeSchema(readFileSync(join(directory, openApiFile), 'utf8'), kubernetesVersion);
  writeFileSync(join(root, 'function/injections/volume.schema.json'), `${JSON.stringify(schema, null, 2)}\n`);
}
