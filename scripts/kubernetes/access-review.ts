import type { V1ResourceAttributes, V1SubjectAccessReview } from '@kubernetes/client-node';
import type { KubernetesApi } from './client.ts';

/** Whom an access review is about, as the API server knows them. */
export interface Subject {
  user: string;
  groups: string[];
}

/** A ServiceAccount as the API server knows it. */
export function serviceAccountSubject(namespace: string, name: string): Subject {
  return {
    user: `system:serviceaccount:${namespace}:${name}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
  };
}

/** Whether a subject, or without one who asks, has a permission. An attribute that is left out stands for all of its kind. */
export async function isAllowed(
  api: KubernetesApi,
  resourceAttributes: V1ResourceAttributes,
  subject?: Subject,
): Promise<boolean> {
  const kind = subject ? 'SubjectAccessReview' : 'SelfSubjectAccessReview';
  const body = { apiVersion: 'authorization.k8s.io/v1', kind, spec: { ...subject, resourceAttributes } };
  const path = `/apis/authorization.k8s.io/v1/${kind.toLowerCase()}s`;
  return (await api.send<V1SubjectAccessReview>('POST', path, { body })).object.status?.allowed ?? false;
}
