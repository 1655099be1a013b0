import type { V1MutatingWebhook } from '@kubernetes/client-node';
import type { Operation } from 'fast-json-patch';
import type { Injection } from '../../function/review/injection.ts';
import { callsInNamespace } from '../install/entry-rules.ts';
import { webhookConfiguration } from '../install/webhook-configuration.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { podOf } from '../kubernetes/workload.ts';
import { decide, patchOf } from './decide.ts';
import { type Outcome, outcomesOf } from './outcome.ts';

/** What the webhook makes of a workload's Pods. */
export interface Reviewed {
  outcomes: Outcome[];
  /** Of the Pod. */
  patch: Operation[];
  /** What its user is warned of besides, a line each. */
  warnings: string[];
}

/** Which injections, and for what else is not in a manifest. */
export interface Review {
  injections: readonly Injection[];
  /** Of the webhook configuration. */
  entries: readonly V1MutatingWebhook[];
  /** That of the objects that name none. */
  namespace: string;
}

/** A review by these injections, with the webhook configuration that the manifests make for them. */
export function reviewBy(injections: readonly Injection[], namespace: string): Review {
  const { webhooks = [] } = webhookConfiguration({ name: '', url: '', caCert: '' }, injections);
  return { injections, entries: webhooks, namespace };
}

/**
 * What the webhook makes of the Pods of an object; undefined where it has none. Throws a VerificationError where the patch
 * would fail verification, which is a bug of ours.
 */
export function reviewWorkload(object: KubernetesObject, by: Review): Reviewed | undefined {
  const pod = podOf(object);
  if (!pod) return undefined;
  const { injections, entries } = by;
  const namespace = pod.metadata.namespace ?? by.namespace;
  if (!entries.some((entry) => callsInNamespace(entry, { 'kubernetes.io/metadata.name': namespace }))) {
    const outcomes = injections.map(({ name }) => notCalled(name, namespace));
    return { outcomes, patch: [], warnings: [] };
  }
  const created = object.kind === 'Pod' ? pod : controlled(pod, object);
  const { decision } = decide(created, { name: pod.metadata.name ?? '', namespace }, injections);
  const outcomes = outcomesOf(decision, injections, { namespace, labels: pod.metadata.labels ?? {} });
  return { outcomes, patch: patchOf(decision.response), warnings: decision.warnings };
}

function notCalled(injection: string, namespace: string): Outcome {
  return {
    injection,
    result: 'not called',
    reasons: [`namespace ${namespace} is left out by the webhook configuration`],
  };
}

/** The Pod as its controller owns it: of such a one, less may be replaced. */
function controlled(pod: KubernetesObject, { apiVersion, kind, metadata }: KubernetesObject): KubernetesObject {
  const owner = { apiVersion, kind, name: metadata.name ?? '', uid: '', controller: true };
  return { ...pod, metadata: { ...pod.metadata, ownerReferences: [owner] } };
}
