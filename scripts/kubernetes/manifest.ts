import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { kubernetesYaml } from '../../function/injections/kubernetes-yaml.ts';
import type { KubernetesObject } from './object.ts';

/** One of the documents of a YAML or JSON text, with the very part of the text that it is; all parts make up the whole. */
export interface ManifestDocument {
  text: string;
  /** Undefined where there is none, as after a last `---`. */
  value: unknown;
}

/** The keys and indices that lead to a value. */
export type Path = readonly (string | number)[];

/** The Kubernetes objects in a YAML or JSON file, those of Lists singly. Throws an Error that names the file where it is not YAML. */
export function readManifest(file: string): KubernetesObject[] {
  return parseManifest(readFileSync(file, 'utf8'), file);
}

/** The Kubernetes objects in a text; what is no object with a kind is left out. `file` is its name in an error. */
export function parseManifest(text: string, file: string): KubernetesObject[] {
  return documentsIn(text, file).flatMap(({ value }) => objectsIn(value).map(({ object }) => object));
}

/** The documents of a text. Throws an Error that names the `file` where it is not YAML. */
export function documentsIn(text: string, file: string): ManifestDocument[] {
  const documents = parseAllDocuments(text, kubernetesYaml);
  let start = 0;
  return [...documents].map((document, index) => {
    const [error] = document.errors;
    if (error) throw new Error(`${file}: ${error.message}`);
    const end = index === documents.length - 1 ? text.length : lineEnd(text, document.range[2]);
    const part = text.slice(start, end);
    start = end;
    return { text: part, value: document.contents === null ? undefined : json(document.toJS()) };
  });
}

/** The end of a line that ends at an offset but for spaces; the offset itself where that begins a line. */
function lineEnd(text: string, offset: number): number {
  const [rest = ''] = text[offset - 1] === '\n' ? [] : (/^[ \t]*\r?\n/.exec(text.slice(offset)) ?? []);
  return offset + rest.length;
}

/** As JSON has it: what aliases stand for is there once for each, so that one can be changed without the others. */
function json(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}

/** The objects in a document, those of Lists singly, and where in it each is; what is no object with a kind is left out. */
export function objectsIn(value: unknown, path: Path = []): { object: KubernetesObject; path: Path }[] {
  const object = value as (Partial<KubernetesObject> & { items?: unknown }) | null | undefined;
  if (typeof object?.kind !== 'string' || typeof object.apiVersion !== 'string') return [];
  if (object.kind.endsWith('List') && Array.isArray(object.items)) {
    return object.items.flatMap((item, index) => objectsIn(item, [...path, 'items', index]));
  }
  return [{ object: { ...object, metadata: object.metadata ?? {} } as KubernetesObject, path }];
}
