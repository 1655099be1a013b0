import * as kubernetes from '@kubernetes/client-node';
import type { Problem } from '../../function/injections/schema.ts';
import type { DeclaredInjection } from '../../function/review/injection.ts';

/**
 * What of an injection's volume Kubernetes does not know, by the types of @kubernetes/client-node: the API server drops
 * such a field without a word, and makes an empty directory of a volume whose source it does not know. The function
 * itself lets them pass, since its Kubernetes may be newer.
 */
export function volumeFieldProblems({ volume }: Partial<DeclaredInjection>): Problem[] {
  return volume ? problemsOf('V1Volume', volume, ['volume']) : [];
}

function problemsOf(type: string, value: unknown, path: Problem['path']): Problem[] {
  const list = /^Array<(.+)>$/.exec(type)?.[1];
  if (list) {
    return Array.isArray(value)
      ? value.flatMap((item, index) => problemsOf(list, item, [...path, index]))
      : wrong(path, 'a list');
  }
  const fields = fieldsOf(type);
  if (!fields) return scalars.has(type) && typeof value !== type ? wrong(path, `a ${type}`) : [];
  if (typeof value !== 'object' || value === null) return wrong(path, 'an object');
  return Object.entries(value).flatMap(([name, child]) => {
    const field = fields.find(({ baseName }) => baseName === name);
    if (field) return problemsOf(field.type, child, [...path, name]);
    const known = fields.map(({ baseName }) => baseName).join(', ');
    return [{ path: [...path, name], message: `is not a field that Kubernetes knows there (known: ${known})` }];
  });
}

const scalars = new Set(['string', 'number', 'boolean']);

function wrong(path: Problem['path'], kind: string): Problem[] {
  return [{ path, message: `must be ${kind}` }];
}

/** The fields of one of client-node's types, or undefined for what is none of them. */
function fieldsOf(type: string): { baseName: string; type: string }[] | undefined {
  const model = (
    kubernetes as unknown as Record<string, { getAttributeTypeMap?: () => { baseName: string; type: string }[] }>
  )[type];
  return model?.getAttributeTypeMap?.();
}
