import { setTimeout as delay } from 'node:timers/promises';
import type { V1LabelSelector, V1LabelSelectorRequirement, V1Pod } from '@kubernetes/client-node';
import { hasAll } from '../../function/review/container.ts';
import type { Injection } from '../../function/review/injection.ts';
import { selectsLabels, selectsName } from '../../function/review/selector.ts';
import type { Answer, KubernetesApi } from '../kubernetes/client.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';

export type Pod = V1Pod & KubernetesObject;

/** Creates a Pod on a server-side dry run: admitted by every webhook and policy, stored nowhere. Throws the ApiError of a refusal. */
export function dryRun(api: KubernetesApi, namespace: string, pod: object): Promise<Answer<Pod>> {
  return api.send<Pod>('POST', `/api/v1/namespaces/${namespace}/pods?dryRun=All`, { body: pod });
}

/** A Pod with these labels that the Pod Security Standard `restricted` and most policies let pass; `injection` may have a say in its container's name. */
export function probePod(labels: Record<string, string>, injection?: Injection): V1Pod {
  const name = ['probe', ...(injection?.containers?.include ?? [])]
    .map((glob) => glob.replace(/[*?]/g, 'x'))
    .find((candidate) => selectsName(injection?.containers, candidate));
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
          name: name || 'probe',
          image: 'registry.k8s.io/pause:3.10',
          resources: { requests: small, limits: small },
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        },
      ],
    },
  };
}

/** The injections that apply to some Pod of a namespace, with labels that select one. */
export function provable(
  injections: readonly Injection[],
  namespace: string,
): { injection: Injection; labels: Labels }[] {
  return injections.flatMap((injection) => {
    const labels = labelsFor(injection.selector);
    const applies = selectsName(injection.namespaces, namespace) && selectsLabels(injection.selector, labels);
    return applies ? [{ injection, labels }] : [];
  });
}

/** Whether a Pod has all of an injection in each container that the injection chooses. */
export function isInjected(pod: Pod, injection: Injection): boolean {
  const containers = pod.spec?.containers.filter(({ name }) => selectsName(injection.containers, name)) ?? [];
  return containers.length > 0 && containers.every((container) => hasAll(container, injection));
}

type Labels = Record<string, string>;

/** Labels that a selector selects, where any can be found by taking each requirement singly. */
export function labelsFor({ matchLabels = {}, matchExpressions = [] }: V1LabelSelector): Labels {
  return Object.fromEntries([...matchExpressions.flatMap(labelFor), ...Object.entries(matchLabels)]);
}

function labelFor({ key, operator, values = [] }: V1LabelSelectorRequirement): [string, string][] {
  if (operator === 'In') return [[key, values[0] ?? '']];
  return operator === 'Exists' ? [[key, 'true']] : [];
}

/** How long the first call took that proved an injection, or, in the API server's words where it has some, what is amiss. */
export type Proof = { ms: number } | { failure: string };

/** Creates, on dry runs, a Pod for each injection that applies in a namespace, and looks whether they come back with the mounts. */
export async function prove(api: KubernetesApi, namespace: string, injections: readonly Injection[]): Promise<Proof> {
  const proofs: Proof[] = [];
  for (const { injection, labels } of provable(injections, namespace)) {
    proofs.push(await proveOne(api, namespace, { injection, labels }));
  }
  const failed = proofs.find((proof) => 'failure' in proof);
  const [first = { failure: `no injection applies to a Pod in namespace ${namespace}: give --probe-namespace` }] =
    proofs;
  return failed ?? first;
}

async function proveOne(
  api: KubernetesApi,
  namespace: string,
  { injection, labels }: { injection: Injection; labels: Labels },
): Promise<Proof> {
  const started = performance.now();
  try {
    const { object, warnings } = await dryRun(api, namespace, probePod(labels, injection));
    if (isInjected(object, injection)) return { ms: performance.now() - started };
    const why = warnings.join('; ') || 'the API server did not call the webhook, or could not reach it';
    return { failure: `a Pod for injection ${injection.name} came back without its files or variables: ${why}` };
  } catch (error) {
    return { failure: (error as Error).message };
  }
}

/** The same, again for 15 s where it does not: it takes each API server a moment to use a new webhook configuration. */
export async function proveSoon(
  api: KubernetesApi,
  namespace: string,
  injections: readonly Injection[],
): Promise<Proof> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    const proof = await prove(api, namespace, injections);
    if ('ms' in proof || Date.now() > deadline) return proof;
    await delay(500);
  }
}
