import type { V1Pod } from '@kubernetes/client-node';
import type { Operation } from 'fast-json-patch';
import {
  type AdmissionRequest,
  type AdmissionResponse,
  allow,
  allowWith,
  carriesPod,
  deny,
  type Notes,
} from './admission.ts';
import { type Injected, inject, injectEphemeral } from './inject.ts';
import { configMapsOf, type Injection, optOutAnnotation } from './injection.ts';
import { replaceablePaths } from './labels.ts';
import { derivePatch } from './patch.ts';
import { selectsLabels, selectsName } from './selector.ts';
import { brief } from './text.ts';
import { verifyPatch } from './verification.ts';

/** The response to an AdmissionRequest and, for the log, what it was and why. */
export interface Decision {
  response: AdmissionResponse;
  outcome: 'injected' | 'skipped' | 'unchanged' | 'denied';
  /** Why nothing was to be done. */
  reason?: string;
  /** The names of the injections whose mount the Pod has now. */
  injections: string[];
  /** What was left out and why, a line each. */
  skipped: string[];
  /** The ConfigMaps to be copied into the Pod's namespace where they are missing; none on a dry run. */
  ensure: string[];
}

/**
 * Decides an AdmissionRequest:
 *
 * | the request                                                   | outcome                   |
 * |---------------------------------------------------------------|---------------------------|
 * | a Pod's creation, or its new ephemeral containers; selected   | injected, with a patch    |
 * | … and something is in the way of every, or some, containers   | skipped, or injected; both with warnings |
 * | … and the injection says `onConflict: deny`                   | denied, no patch          |
 * | all the rest                                                  | unchanged                 |
 *
 * Throws a VerificationError where its own patch fails verification.
 */
export function review(request: AdmissionRequest, injections: readonly Injection[]): Decision {
  const pod = request.object as V1Pod;
  const reason = leftAlone(request, pod);
  if (reason !== undefined) return unchanged(request, reason);
  const selected = injections.filter((injection) => selects(injection, request, pod));
  if (selected.length === 0) return unchanged(request, 'no injection selects the Pod');
  const old = request.subResource ? (request.oldObject as V1Pod | undefined) : undefined;
  const again = (current: V1Pod): Injected =>
    request.subResource ? injectEphemeral(current, old, selected) : inject(current, selected);
  const injected = again(pod);
  const denied = injected.skipped.filter(({ injection, isConflict }) => isConflict && injection.onConflict === 'deny');
  if (denied.length > 0)
    return refused(
      request,
      denied.map(({ text }) => text),
    );
  const patch = derivePatch(pod, injected.pod);
  verifyPatch(pod, injected.pod, patch, {
    again: (current) => again(current).pod,
    isReplaceable: (path) => replaceablePaths(selected).has(path),
  });
  return allowed(request, injected, patch);
}

/** Why a request is none of ours, or undefined where it is. */
function leftAlone(request: AdmissionRequest, pod: V1Pod): string | undefined {
  const { kind, operation, subResource = '' } = request;
  if (!carriesPod(request))
    return brief(`${operation} of ${[kind.group, kind.kind, subResource].filter(Boolean).join('/')}`);
  if ((operation === 'UPDATE') !== (subResource === 'ephemeralcontainers')) return 'the mounts of a Pod cannot change';
  const annotations = pod.metadata?.annotations ?? {};
  // NodeRestriction refuses a kubelet's mirror Pod that refers to a ConfigMap: the static Pod would vanish from the API.
  if (Object.hasOwn(annotations, 'kubernetes.io/config.mirror')) return 'a mirror Pod';
  if (pod.spec?.os?.name === 'windows' || pod.spec?.nodeSelector?.['kubernetes.io/os'] === 'windows')
    return 'a Windows Pod';
  if (annotations[optOutAnnotation] === 'false') return `opted out by annotation ${optOutAnnotation}`;
  return undefined;
}

function selects({ selector, namespaces }: Injection, { namespace = '' }: AdmissionRequest, pod: V1Pod): boolean {
  return selectsName(namespaces, namespace) && selectsLabels(selector, pod.metadata?.labels ?? {});
}

function unchanged(request: AdmissionRequest, reason: string): Decision {
  const response = allow(request, { auditAnnotations: { unchanged: reason } });
  return { response, outcome: 'unchanged', reason, injections: [], skipped: [], ensure: [] };
}

function refused(request: AdmissionRequest, conflicts: string[]): Decision {
  const skipped = conflicts.map(brief);
  const notes = { auditAnnotations: { denied: skipped.join('; ') } };
  return {
    response: deny(request, conflicts.join('; '), notes),
    outcome: 'denied',
    injections: [],
    skipped,
    ensure: [],
  };
}

function allowed(request: AdmissionRequest, { injected, skipped }: Injected, patch: Operation[]): Decision {
  const injections = injected.map(({ name }) => name);
  const lines = skipped.map(({ text }) => brief(text));
  const isNothingToDo = patch.length === 0 && (injections.length > 0 || lines.length === 0);
  const reason = injections.length > 0 ? 'already injected' : 'no container to inject';
  const auditAnnotations = {
    ...(injections.length > 0 && { injected: injections.join(', ') }),
    ...(lines.length > 0 && { skipped: lines.join('; ') }),
    ...(isNothingToDo && { unchanged: reason }),
  };
  const notes: Notes = { ...(lines.length > 0 && { warnings: lines }), auditAnnotations };
  const rest = {
    response: allowWith(request, patch, notes),
    injections,
    skipped: lines,
    ensure: toEnsure(request, injected),
  };
  if (isNothingToDo) return { ...rest, outcome: 'unchanged', reason };
  return { ...rest, outcome: injections.length > 0 ? 'injected' : 'skipped' };
}

function toEnsure({ dryRun, subResource }: AdmissionRequest, injected: readonly Injection[]): string[] {
  if (dryRun || subResource) return [];
  return [...new Set(injected.filter(({ ensure }) => ensure).flatMap(({ volume }) => configMapsOf(volume)))];
}
