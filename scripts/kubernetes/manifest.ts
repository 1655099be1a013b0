import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { kubernetesYaml } from '../../function/injections/kubernetes-yaml.ts';
import type { KubernetesObject } from './object.ts';

/** The Kubernetes objects in a YAML or JSON file, those of Lists singly. Throws an Error that names the file where it is not YAML. */
export function readManifest(file: string): KubernetesObject[] {
  return parseManifest(readFileSync(file, 'utf8'), file);
}

/** The Kubernetes objects in a text; what is no object with a kind is left out. `file` is its name in an error. */
export function parseManifest(text: string, file: string): KubernetesObject[] {
  const documents = parseAllDocuments(text, kubernetesYaml);
  return documents.flatMap((document) => {
    const [error] = document.errors;
    if (error) throw new Error(`${file}: ${error.message}`);
    return objectsIn(document.toJS());
  });
}

function objectsIn(value: unknown): KubernetesObject[] {
  const object = value as (Partial<KubernetesObject> & { items?: unknown[] }) | null;
  if (typeof object?.kind !== 'string' || typeof object.apiVersion !== 'string') return [];
  if (object.kind.endsWith('List') && Array.isArray(object.items)) return object.items.flatMap(objectsIn);
  return [{ ...object, metadata: object.metadata ?? {} } as KubernetesObject];
}
