import type { V1Pod, V1PodSpec } from '@kubernetes/client-node';
import { type InjectionContext, injectContainer } from './container.ts';
import { filesRefusal, withFiles } from './files.ts';
import type { Injection } from './injection.ts';
import { withLabels, withSkipped } from './labels.ts';
import type { AnyContainer } from './mount.ts';
import { NamedVolumes } from './named-volumes.ts';
import { selectsName } from './selector.ts';
import { oneLine } from './text.ts';
import { isAsDeclared } from './volume-comparison.ts';

/** A container that an injection chose and left as it was. */
export interface Skipped {
  injection: Injection;
  /** One line for people: `hello: container app: /etc/config is taken by volume app-config`. */
  text: string;
  /** Whether something is in the way; otherwise there is nothing to mount, or no way to (ephemeral containers). */
  isConflict: boolean;
}

export interface Injected {
  pod: V1Pod;
  /** The injections whose mount is in at least one container now. */
  injected: Injection[];
  skipped: Skipped[];
  /** What is to be said besides, a line each. */
  warnings: string[];
}

/**
 * The Pod with the volumes, mounts, labels and annotations of these injections, in order. What it changes it copies;
 * what it does not know it keeps; a Pod that has it all comes back with the same content. Its annotation says what was
 * skipped of injections of the names that are the call's `own`; what it says of others stays.
 */
export function inject(
  pod: V1Pod,
  injections: readonly Injection[],
  own: ReadonlySet<string> = new Set(injections.map(({ name }) => name)),
): Injected {
  const course = courseOf(pod, injections);
  const injected = inOrder(pod, injections, (current, injection) => injectOne(current, injection, course));
  const reasons = injected.skipped.map(({ text }) => text);
  return { ...injected, pod: withSkipped(injected.pod, reasons, injected.injected.length > 0, own) };
}

/**
 * The Pod with these injections' mounts in the ephemeral containers that `oldPod` has not. Of an update of
 * `pods/ephemeralcontainers` the API server keeps `/spec/ephemeralContainers` only, so nothing else is touched, and
 * only a volume that the Pod already has can be mounted.
 */
export function injectEphemeral(pod: V1Pod, oldPod: V1Pod | undefined, injections: readonly Injection[]): Injected {
  const old = new Set(oldPod?.spec?.ephemeralContainers?.map(({ name }) => name));
  const course = courseOf(pod, injections);
  return inOrder(pod, injections, (current, injection) => injectOneEphemeral(current, old, injection, course));
}

/** What all injections of a review have to do with. */
interface Course {
  /** The Pod as it came. */
  brought: V1Pod;
  /** What it has by now, by name. */
  volumes: NamedVolumes;
  /** What the injections have. */
  injected: NamedVolumes;
}

function courseOf(pod: V1Pod, injections: readonly Injection[]): Course {
  return {
    brought: pod,
    volumes: new NamedVolumes(pod.spec?.volumes ?? []),
    injected: new NamedVolumes(injections.flatMap(({ volume }) => volume ?? [])),
  };
}

type Step = (pod: V1Pod, injection: Injection) => Injected;

function inOrder(pod: V1Pod, injections: readonly Injection[], step: Step): Injected {
  const done: Injected = { pod, injected: [], skipped: [], warnings: [] };
  for (const injection of injections) {
    const next = step(done.pod, injection);
    done.pod = next.pod;
    done.injected.push(...next.injected);
    for (const skipped of next.skipped) done.skipped.push(skipped);
    done.warnings.push(...next.warnings);
  }
  return done;
}

function injectOne(pod: V1Pod, injection: Injection, { brought, volumes, injected: all }: Course): Injected {
  const { spec } = pod;
  if (!spec) return { pod, injected: [], skipped: [], warnings: [] };
  const context: InjectionContext = {
    volume: volumeIn(volumes, injection),
    filesRefusal: filesRefusal(pod, injection),
    spec,
    volumes,
    injected: all,
    isEphemeral: false,
  };
  const init = injectContainers(spec.initContainers ?? [], injection, context);
  const main = injectContainers(spec.containers, injection, context);
  const skipped = init.skipped.concat(main.skipped);
  const isInjected = init.isInjected || main.isInjected;
  // No chosen container: nothing to say, either.
  if (!isInjected && skipped.length === 0) return { pod, injected: [], skipped, warnings: [] };
  const initContainers = spec.initContainers && { initContainers: init.containers };
  const injected = { ...pod, spec: { ...spec, ...initContainers, containers: main.containers } };
  const isMounted = init.isMounted || main.isMounted;
  const mounted = isMounted ? withFiles(withVolume(injected, injection, volumes), injection) : injected;
  const labelled = withLabels(mounted, injection, skipped.length === 0, brought);
  const undefinedVolume = isMounted && context.volume === 'none' ? mountsOfUndefined(brought, injection) : [];
  const warnings = labelled.warnings.concat(undefinedVolume);
  return { ...labelled, injected: isInjected ? [injection] : [], skipped, warnings };
}

function withVolume<P extends V1Pod & { spec: V1PodSpec }>(
  pod: P,
  { volume }: Injection,
  volumes: Course['volumes'],
): V1Pod {
  if (!volume || volumes.get(volume.name)) return pod;
  volumes.add(volume);
  return { ...pod, spec: { ...pod.spec, volumes: [...(pod.spec.volumes ?? []), volume] } };
}

/** Warns of the Pod's own mounts of a volume that it does not define, and we do: without us it would be refused. */
function mountsOfUndefined({ spec }: V1Pod, { volume }: Injection): string[] {
  return [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].flatMap((container) =>
    (container.volumeMounts ?? [])
      .filter(({ name }) => name === volume?.name)
      .map(({ name, mountPath }) =>
        oneLine(`container ${container.name}: ${mountPath} has volume ${name}, which the Pod itself does not define`),
      ),
  );
}

function injectOneEphemeral(
  pod: V1Pod,
  old: ReadonlySet<string>,
  injection: Injection,
  { volumes, injected: all }: Course,
): Injected {
  const { spec } = pod;
  if (!spec?.ephemeralContainers) return { pod, injected: [], skipped: [], warnings: [] };
  const volume = volumeIn(volumes, injection);
  const context: InjectionContext = { volume, spec, volumes, injected: all, isEphemeral: true };
  const isNew = ({ name }: AnyContainer) => !old.has(name);
  const { containers, isInjected, skipped } = injectContainers(spec.ephemeralContainers, injection, context, isNew);
  const injected = isInjected ? [injection] : [];
  return { pod: { ...pod, spec: { ...spec, ephemeralContainers: containers } }, injected, skipped, warnings: [] };
}

interface InjectedContainers<C extends AnyContainer> {
  containers: C[];
  isInjected: boolean;
  isMounted: boolean;
  skipped: Skipped[];
}

/** The containers, each that is chosen with what the injection has for it. */
function injectContainers<C extends AnyContainer>(
  containers: readonly C[],
  injection: Injection,
  context: InjectionContext,
  isCandidate: (container: C) => boolean = () => true,
): InjectedContainers<C> {
  const done: InjectedContainers<C> = { containers: [], isInjected: false, isMounted: false, skipped: [] };
  for (const original of containers) {
    if (!isCandidate(original) || !selectsName(injection.containers, original.name)) {
      done.containers.push(original);
      continue;
    }
    const { container, isInjected, isMounted, refusals } = injectContainer(original, injection, context);
    done.containers.push(container);
    done.isInjected ||= isInjected;
    done.isMounted ||= isMounted;
    for (const { reason, isConflict } of refusals) {
      const text = oneLine(`${injection.name}: container ${original.name}: ${reason}`);
      done.skipped.push({ injection, text, isConflict });
    }
  }
  return done;
}

/** What a Pod has under the name of an injection's volume. */
function volumeIn(volumes: Course['volumes'], { volume }: Injection): InjectionContext['volume'] {
  const there = volume && volumes.get(volume.name);
  if (!there) return 'none';
  return isAsDeclared(volume, there, 'volume') ? 'ours' : 'another';
}
