import type { V1EnvVarSource, V1ObjectFieldSelector, V1ResourceFieldSelector } from '@kubernetes/client-node';
import { type Fields, fieldsOf, isEmpty, typeProblems } from './kubernetes-type.ts';
import type { Problem } from './schema.ts';
import { fieldRuleProblems } from './volume-field-rules.ts';
import { brokenRules, isKeyPath, type Rule, resourceRules } from './volume-rules.ts';

/** The fields of a Pod that a variable can have (k8s.io/kubernetes pkg/apis/core/validation). */
const fieldPaths = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];

/** What the API server wants of several fields together: pkg/apis/core/validation validateEnvVarValueFrom. */
const together: Readonly<Record<string, (object: never) => Rule[]>> = {
  EnvVarSource: (source: V1EnvVarSource) => [
    [
      Object.values(source).filter(Boolean).length === 0,
      '',
      `must have a source: ${fieldsOf('EnvVarSource').join(', ')}`,
    ],
  ],
  ConfigMapKeySelector: nameRequired,
  SecretKeySelector: nameRequired,
  ObjectFieldSelector: ({ fieldPath }: V1ObjectFieldSelector) => [
    [
      Boolean(fieldPath) && !fieldPaths.includes(fieldPath) && !isKeyPath(fieldPath),
      'fieldPath',
      `must be one of ${fieldPaths.join(', ')}, metadata.labels['KEY'], metadata.annotations['KEY']: a variable has no other fields of its Pod`,
    ],
  ],
  ResourceFieldSelector: (selector: V1ResourceFieldSelector) => resourceRules(selector),
};

function nameRequired({ name }: Fields): Rule[] {
  return [[isEmpty(name), 'name', 'is required']];
}

/** What the API server would refuse of a variable's `valueFrom`, or drop of it without a word; paths are from there. */
export function valueFromProblems(valueFrom: V1EnvVarSource): Problem[] {
  return typeProblems('EnvVarSource', valueFrom, (type, object) => {
    const rules = together[type] as ((object: Fields) => Rule[]) | undefined;
    return [...fieldRuleProblems(type, object), ...brokenRules(rules?.(object) ?? [])];
  });
}
