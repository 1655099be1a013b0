import type { V1MutatingWebhook } from '@kubernetes/client-node';
import type { Operation } from 'fast-json-patch';
import type { Injection } from '../../function/review/injection.ts';
import { callNames, reviewedBy } from '../../function/review/namespaces.ts';
import { applyPatch } from '../../function/review/patch.ts';
import type { Decision } from '../../function/review/review.ts';
import { callNameOf, nameLabel } from '../install/entries.ts';
import { callsForLabels, callsInNamespace } from '../install/entry-rules.ts';
import { webhookConfiguration } from '../install/webhook-configuration.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { podOf } from '../kubernetes/workload.ts';
import { decide, patchOf } from './decide.ts';
import { byAnother, type Outcome, outcomeOf, uncalledOutcome } from './outcome.ts';
import { isMislabelled, mislabelledText } from './pod-template-labels.ts';

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
  /** The labels of a namespace. */
  labelsOf: (namespace: string) => Labels;
}

type Labels = Readonly<Record<string, string>>;

/**
 * A review by these injections, with the webhook configuration that the manifests make for them. A namespace has the labels
 * that it has among `objects`, or else `namespaceLabels`.
 */
export function reviewBy(
  injections: readonly Injection[],
  namespace: string,
  { namespaceLabels = {}, objects = [] }: { namespaceLabels?: Labels; objects?: readonly KubernetesObject[] } = {},
): Review {
  const declared = new Map(
    objects.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => [metadata.name, metadata.labels ?? {}]),
  );
  const { webhooks = [] } = webhookConfiguration({ name: '', url: 'https://function/mutate', caCert: '' }, injections);
  const labelsOf = (name: string) => ({ ...(declared.get(name) ?? namespaceLabels), [nameLabel]: name });
  return { injections, entries: webhooks, namespace, labelsOf };
}

/**
 * What the webhook makes of the Pods of an object; undefined where it has none. Throws a VerificationError where the patch
 * would fail verification, which is a bug of ours.
 */
export function reviewWorkload(object: KubernetesObject, by: Review): Reviewed | undefined {
  const pod = podOf(object);
  if (!pod) return undefined;
  const namespace = pod.metadata.namespace ?? by.namespace;
  const calls = callsFor(object.kind === 'Pod' ? pod : controlled(pod, object), namespace, by);
  const where = { namespace, labels: pod.metadata.labels ?? {}, namespaceLabels: by.labelsOf(namespace) };
  const outcomes = by.injections.map((injection) => {
    const call = calls.find(({ reviewed }) => reviewed.includes(injection));
    const outcome = call ? outcomeOf(injection, call.decision, where) : uncalledOutcome(injection, where);
    return withSlip(outcome, injection, object);
  });
  if (calls.some(({ decision }) => decision.outcome === 'denied')) {
    return { outcomes: outcomes.map(unlessDenied), patch: [], warnings: [] };
  }
  return {
    outcomes,
    patch: calls.flatMap(({ decision }) => patchOf(decision.response)),
    warnings: [...new Set(calls.flatMap(({ decision }) => decision.warnings))],
  };
}

/** What is not selected by its labels, though its workload has them, is so by a slip. */
function withSlip(outcome: Outcome, injection: Injection, workload: KubernetesObject): Outcome {
  if (outcome.result !== 'not selected' || !isMislabelled(workload, injection)) return outcome;
  return { ...outcome, reasons: [...outcome.reasons, mislabelledText(workload, injection)] };
}

/** A call of the function, and the injections that it is about. */
interface Call {
  reviewed: readonly Injection[];
  decision: Decision;
}

/** The calls that the API server makes for a Pod's creation, entry by entry, each with what those before it have made of the Pod. */
function callsFor(pod: KubernetesObject, namespace: string, { injections, entries, labelsOf }: Review): Call[] {
  const names = callNames(injections);
  const calls: Call[] = [];
  let current = pod;
  for (const entry of entries) {
    const isCalled =
      callsForLabels(entry, current.metadata.labels ?? {}) && callsInNamespace(entry, labelsOf(namespace));
    if (!isCalled) continue;
    const name = callNameOf(entry.clientConfig, names);
    const { decision } = decide(current, { name: pod.metadata.name ?? '', namespace }, injections, name);
    calls.push({ reviewed: reviewedBy(injections, name), decision });
    if (decision.outcome === 'denied') break;
    current = applyPatch(current, patchOf(decision.response)) as KubernetesObject;
  }
  return calls;
}

/** What another injection denies is not injected, either. */
function unlessDenied(outcome: Outcome): Outcome {
  const isIn = outcome.result === 'injected' || outcome.result === 'injected in part';
  return isIn ? { injection: outcome.injection, ...byAnother } : outcome;
}

/** The Pod as its controller owns it: of such a one, less may be replaced. */
function controlled(pod: KubernetesObject, { apiVersion, kind, metadata }: KubernetesObject): KubernetesObject {
  const owner = { apiVersion, kind, name: metadata.name ?? '', uid: '', controller: true };
  return { ...pod, metadata: { ...pod.metadata, ownerReferences: [owner] } };
}
