import type { V1Pod } from '@kubernetes/client-node';
import jsonpatch from 'fast-json-patch';
import { type Injection, skippedAnnotation } from './injection.ts';
import { type Kind, valueIn, withValues } from './metadata.ts';
import { injectionOf, linesIn } from './skipped-lines.ts';
import { bounded, brief, oneLine } from './text.ts';

/** A Pod, and what its user should know of how it came to be. */
export interface Labelled {
  pod: V1Pod;
  warnings: string[];
}

const kinds = ['labels', 'annotations'] as const;

/**
 * The Pod with an injection's labels and annotations where it `isComplete`, in every chosen container that is; elsewhere
 * those that are there with the very value are set to empty, since they would not be true.
 * What the Pod `brought` along never changes silently, and not at all where it has a controller: one whose selector no
 * longer matches its Pod makes another, and another.
 */
export function withLabels(pod: V1Pod, injection: Injection, isComplete: boolean, brought: V1Pod): Labelled {
  const labelled: Labelled = { pod, warnings: [] };
  for (const kind of kinds) {
    const changes = changesOf(pod, injection, kind, isComplete).map((change) => {
      const own = valueIn(brought, kind, change.key);
      return { ...change, own, isAllowed: own === undefined || !hasController(brought) };
    });
    const allowed = changes.filter(({ isAllowed }) => isAllowed).map(({ key, value }) => [key, value]);
    if (allowed.length > 0) labelled.pod = withValues(labelled.pod, kind, Object.fromEntries(allowed));
    labelled.warnings.push(...changes.flatMap((change) => warningOf(injection, kind, change)));
  }
  return labelled;
}

interface Change {
  key: string;
  value: string;
  own: string | undefined;
  isAllowed: boolean;
}

/** What is said of a change to what the Pod brought along; never its value, since the log has the same words. */
function warningOf({ name }: Injection, kind: Kind, { key, value, own, isAllowed }: Change): string[] {
  // What is empty was set so by an earlier call, for want of a container.
  if (own === undefined || (own === '' && isAllowed)) return [];
  const changed = value === '' ? 'is cleared, since not every container has the files' : 'is replaced';
  const outcome = isAllowed ? changed : 'stays, since its controller may select by it';
  return [oneLine(`${name}: ${kind.slice(0, -1)} ${key}: the Pod's own value ${outcome}`)];
}

/** The keys whose value is not as it should be, and how it should be. */
function changesOf(
  pod: V1Pod,
  injection: Injection,
  kind: Kind,
  isComplete: boolean,
): { key: string; value: string }[] {
  return Object.entries(injection[kind] ?? {}).flatMap(([key, value]) => {
    const isInjected = valueIn(pod, kind, key) === value;
    return isInjected === isComplete ? [] : [{ key, value: isComplete ? value : '' }];
  });
}

function hasController({ metadata }: V1Pod): boolean {
  return metadata?.ownerReferences?.some(({ controller }) => controller === true) ?? false;
}

/**
 * Annotates the Pod with what was skipped; clears what is stale, copied from another Pod, where nothing was. What stands
 * there of injections of other names than the call's `own`, of another call or another installation, stays, in an order
 * that does not depend on whose call came last.
 */
export function withSkipped(
  pod: V1Pod,
  reasons: readonly string[],
  isInjected: boolean,
  own: ReadonlySet<string>,
): V1Pod {
  const there = valueIn(pod, 'annotations', skippedAnnotation) ?? '';
  if (reasons.length === 0 && !(isInjected && there)) return pod;
  const text = bounded(reasons.map(brief)).join('; ');
  const kept = linesIn(there).filter((line) => injectionOf(line) !== '' && !own.has(injectionOf(line)));
  const value = kept.length > 0 ? [...kept, ...linesIn(text)].sort(byInjection).join('; ') : text;
  return withValues(pod, 'annotations', { [skippedAnnotation]: value });
}

function byInjection(one: string, other: string): number {
  const [name, otherName] = [injectionOf(one), injectionOf(other)];
  return Number(name > otherName) - Number(name < otherName);
}

/** The JSON pointers of the labels and annotations that these injections set: the only values that a patch may replace. */
export function replaceablePaths(injections: readonly Injection[]): ReadonlySet<string> {
  const pointers = (kind: Kind, keys: string[]) =>
    keys.map((key) => `/metadata/${kind}/${jsonpatch.escapePathComponent(key)}`);
  return new Set([
    ...injections.flatMap((injection) => kinds.flatMap((kind) => pointers(kind, Object.keys(injection[kind] ?? {})))),
    ...injections.flatMap(({ fileAnnotations = {} }) => pointers('annotations', Object.keys(fileAnnotations))),
    ...pointers('annotations', [skippedAnnotation]),
  ]);
}
