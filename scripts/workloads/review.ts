import type { V1MutatingWebhook } from '@kubernetes/client-node';
import type { Operation } from 'fast-json-patch';
import { parseAdmissionReview } from '../../function/http/admission-review.ts';
import type { Injection } from '../../function/review/injection.ts';
import { type Decision, invalidPod, review } from '../../function/review/review.ts';
import { callsInNamespace } from '../install/entry-rules.ts';
import { webhookConfiguration } from '../install/webhook-configuration.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { podOf } from '../kubernetes/workload.ts';
import { admissionReview } from '../local/admission-review.ts';
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
  const { namespace = by.namespace, labels = {} } = pod.metadata;
  if (!entries.some((entry) => callsInNamespace(entry, { 'kubernetes.io/metadata.name': namespace }))) {
    const outcomes = injections.map(({ name }) => notCalled(name, namespace));
    return { outcomes, patch: [], warnings: [] };
  }
  const decision = decide(object.kind === 'Pod' ? pod : controlled(pod, object), injections, namespace);
  const outcomes = outcomesOf(decision, injections, { namespace, labels });
  return { outcomes, patch: patchOf(decision), warnings: decision.warnings };
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

/** As the function does with what the API server sends for a Pod's creation. */
function decide(pod: KubernetesObject, injections: readonly Injection[], namespace: string): Decision {
  const parsed = parseAdmissionReview(admissionReview(pod, { name: pod.metadata.name ?? '', namespace }));
  if ('problem' in parsed) throw new Error(parsed.problem);
  const { request, podProblem } = parsed.review;
  return podProblem ? invalidPod(request, podProblem) : review(request, injections);
}

function patchOf({ response }: Decision): Operation[] {
  return 'patch' in response ? JSON.parse(Buffer.from(response.patch, 'base64').toString('utf8')) : [];
}
