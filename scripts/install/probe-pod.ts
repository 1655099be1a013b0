import type { V1LabelSelector, V1LabelSelectorRequirement, V1Pod } from '@kubernetes/client-node';
import type { Injection } from '../../function/review/injection.ts';
import { exampleName } from '../../function/review/selector.ts';
import type { Answer, KubernetesApi } from '../kubernetes/client.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';

export type Pod = V1Pod & KubernetesObject;

/**
 * Creates a Pod on a server-side dry run: admitted by every webhook and policy, stored nowhere; `isStrict` refuses fields
 * that the API server does not know. Throws the ApiError of a refusal.
 */
export function dryRun(
  api: KubernetesApi,
  namespace: string,
  pod: object,
  { isStrict = false }: { isStrict?: boolean } = {},
): Promise<Answer<Pod>> {
  const query = `dryRun=All${isStrict ? '&fieldValidation=Strict' : ''}`;
  return api.send<Pod>('POST', `/api/v1/namespaces/${namespace}/pods?${query}`, { body: pod });
}

/** A Pod with these labels that the Pod Security Standard `restricted` and most policies let pass; `injection` may have a say in its container's name. */
export function probePod(labels: Record<string, string>, injection?: Injection): V1Pod {
  const small = { cpu: '10m', memory: '16Mi' };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { generateName: 'hello-webhook-probe-', labels },
    spec: {
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: exampleName(injection?.containers, 'probe') ?? 'probe',
          image: 'registry.k8s.io/pause:3.10',
          resources: { requests: small, limits: small },
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        },
      ],
    },
  };
}

/** Labels that a selector selects, where any can be found by taking each requirement singly. */
export function labelsFor({ matchLabels = {}, matchExpressions = [] }: V1LabelSelector): Record<string, string> {
  return Object.fromEntries([...matchExpressions.flatMap(labelFor), ...Object.entries(matchLabels)]);
}

function labelFor({ key, operator, values = [] }: V1LabelSelectorRequirement): [string, string][] {
  if (operator === 'In') return [[key, values[0] ?? '']];
  return operator === 'Exists' ? [[key, 'true']] : [];
}
