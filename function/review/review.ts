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
import { type Injected, inject, injectEphemeral, type Skipped } from './inject.ts';
import { ensuredConfigMaps, type Injection, optOutAnnotation } from './injection.ts';
import { reviewedBy } from './namespaces.ts';
import { isOptedOut, optOutWarnings } from './opt-out.ts';
import { isFor } from './selection.ts';
import { bounded, brief } from './text.ts';
import { VerificationError, verifiedPatch } from './verification.ts';
import { isWindowsPod } from './windows.ts';

/** Why nothing is to be done where an injection selects a Pod: every container that it chooses has it, or it chooses none. */
export const alreadyInjected = 'already injected';
export const noContainer = 'no container to inject';

/** The response to an AdmissionRequest and, for the log, what it was and why. */
export interface Decision {
  response: AdmissionResponse;
  outcome: 'injected' | 'skipped' | 'unchanged' | 'denied';
  /** Why nothing was to be done. */
  reason?: string;
  /** The names of the injections whose mount the Pod has now. */
  injections: string[];
  /** What was left out and why, a line each; of many the first twenty, and how many more. */
  skipped: string[];
  /** The injections that something was left out of. */
  leftOut: LeftOut[];
  /** What else the user is warned of, a line each. */
  warnings: string[];
  /** The injections that were left out because their patch failed verification, and how: a bug of ours, for the log. */
  failure?: string;
  /** The ConfigMaps to be copied into the Pod's namespace where they are missing; none on a dry run. */
  ensure: string[];
}

/** An injection that something was left out of: something was in the way, or there was no way to mount it. */
export interface LeftOut {
  injection: string;
  reason: 'conflict' | 'unsupported';
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
 * Of the injections, a call reviews those that `reviewedBy` says, by the `name` in its path.
 * Throws a VerificationError where its own patch fails verification, and no sound injection is left.
 */
export function review(request: AdmissionRequest, injections: readonly Injection[], name?: string): Decision {
  const pod = request.object as V1Pod;
  const reason = leftAlone(request, pod);
  if (reason !== undefined) return unchanged(request, reason);
  const reviewed = reviewedBy(injections, name);
  const selectable = { namespace: request.namespace ?? '', labels: pod.metadata?.labels ?? {} };
  const selected = reviewed.filter((injection) => isFor(injection, selectable));
  if (selected.length === 0) return unchanged(request, 'no injection selects the Pod');
  const own = new Set(reviewed.map((injection) => injection.name));
  try {
    return decide(request, pod, selected, own);
  } catch (error) {
    if (!(error instanceof VerificationError)) throw error;
    return withoutUnsound(request, pod, selected, own, error);
  }
}

/** What stands in the Pod's annotation of injections of other names than the call's `own` stays. Throws a VerificationError where the patch fails verification. */
function decide(
  request: AdmissionRequest,
  pod: V1Pod,
  selected: readonly Injection[],
  own: ReadonlySet<string>,
): Decision {
  const old = request.subResource ? (request.oldObject as V1Pod | undefined) : undefined;
  const again = (current: V1Pod): Injected =>
    request.subResource ? injectEphemeral(current, old, selected) : inject(current, selected, own);
  const injected = again(pod);
  const denied = injected.skipped.filter(({ injection, isConflict }) => isConflict && injection.onConflict === 'deny');
  if (denied.length > 0) return refused(request, denied);
  const patch = verifiedPatch(pod, injected.pod, selected, (current) => again(current).pod);
  return allowed(request, { ...injected, warnings: [...injected.warnings, ...optOutWarnings(pod)] }, patch);
}

/**
 * The decision without the injections that fail verification by themselves, so that one of them does not cost the Pod the
 * others. Throws the error with their names where no other is left, or where each by itself is sound.
 */
function withoutUnsound(
  request: AdmissionRequest,
  pod: V1Pod,
  selected: readonly Injection[],
  own: ReadonlySet<string>,
  error: VerificationError,
): Decision {
  const isSound = (injection: Injection) => {
    try {
      decide(request, pod, [injection], own);
      return true;
    } catch {
      return false;
    }
  };
  const sound = selected.filter(isSound);
  const unsound = selected.filter((injection) => !sound.includes(injection));
  const names = (unsound.length > 0 ? unsound : selected).map(({ name }) => name).join(', ');
  const failure = `${names}: ${error.message}`;
  if (sound.length === 0 || unsound.length === 0) throw new VerificationError(failure);
  return { ...decide(request, pod, sound, own), failure };
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
  if (isWindowsPod(pod)) return 'a Windows Pod';
  if (isOptedOut(pod)) return `opted out by annotation ${optOutAnnotation}`;
  return undefined;
}

/** Allows a Pod that the API server will refuse, and say what is wrong with it: `problem` is for the log. */
export function invalidPod(request: AdmissionRequest, problem: string): Decision {
  return unchanged(request, `invalid Pod: ${problem}`);
}

/** Allows a request as it is. */
function unchanged(request: AdmissionRequest, reason: string): Decision {
  const response = allow(request, { auditAnnotations: { unchanged: reason } });
  return { response, outcome: 'unchanged', reason, injections: [], skipped: [], leftOut: [], warnings: [], ensure: [] };
}

function refused(request: AdmissionRequest, denied: readonly Skipped[]): Decision {
  const conflicts = denied.map(({ text }) => text);
  const skipped = bounded(conflicts.map(brief));
  const notes = { auditAnnotations: { denied: skipped.join('; ') } };
  return {
    response: deny(request, bounded(conflicts).join('; '), notes),
    outcome: 'denied',
    injections: [],
    skipped,
    leftOut: leftOutOf(denied),
    warnings: [],
    ensure: [],
  };
}

function allowed(request: AdmissionRequest, { injected, skipped, warnings }: Injected, patch: Operation[]): Decision {
  const injections = injected.map(({ name }) => name);
  const lines = bounded(skipped.map(({ text }) => brief(text)));
  const said = bounded(warnings.map(brief));
  const isNothingToDo = patch.length === 0 && (injections.length > 0 || lines.length === 0);
  const reason = injections.length > 0 ? alreadyInjected : noContainer;
  const auditAnnotations = {
    ...(injections.length > 0 && { injected: injections.join(', ') }),
    ...(lines.length > 0 && { skipped: lines.join('; ') }),
    ...(said.length > 0 && { warnings: said.join('; ') }),
    ...(isNothingToDo && { unchanged: reason }),
  };
  const all = [...lines, ...said];
  const notes: Notes = { ...(all.length > 0 && { warnings: all }), auditAnnotations };
  const rest = {
    response: allowWith(request, patch, notes),
    injections,
    skipped: lines,
    leftOut: leftOutOf(skipped),
    warnings: said,
    ensure: toEnsure(request, injected),
  };
  if (isNothingToDo) return { ...rest, outcome: 'unchanged', reason };
  return { ...rest, outcome: injections.length > 0 ? 'injected' : 'skipped' };
}

/** Each injection once; a conflict is the reason where there is one. */
function leftOutOf(skipped: readonly Skipped[]): LeftOut[] {
  const reasons = new Map<string, LeftOut['reason']>();
  for (const { injection, isConflict } of skipped) {
    if (isConflict) reasons.set(injection.name, 'conflict');
    else if (!reasons.has(injection.name)) reasons.set(injection.name, 'unsupported');
  }
  return [...reasons].map(([injection, reason]) => ({ injection, reason }));
}

function toEnsure({ dryRun, subResource }: AdmissionRequest, injected: readonly Injection[]): string[] {
  if (dryRun || subResource) return [];
  return ensuredConfigMaps(injected);
}
