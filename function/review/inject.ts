import type { V1Pod } from '@kubernetes/client-node';
import type { Injection } from './injection.ts';
import { withLabels, withSkipped } from './labels.ts';
import { type AnyContainer, hasMount, normalPath, obstacle } from './mount.ts';
import { selectsName } from './selector.ts';
import { oneLine } from './text.ts';
import { missingVariable, referencesIn } from './variables.ts';
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
 * what it does not know it keeps; a Pod that has it all comes back with the same content.
 */
export function inject(pod: V1Pod, injections: readonly Injection[]): Injected {
  const injected = inOrder(pod, injections, (current, injection) => injectOne(current, injection, pod));
  const reasons = injected.skipped.map(({ text }) => text);
  return { ...injected, pod: withSkipped(injected.pod, reasons, injected.injected.length > 0) };
}

/**
 * The Pod with these injections' mounts in the ephemeral containers that `oldPod` has not. Of an update of
 * `pods/ephemeralcontainers` the API server keeps `/spec/ephemeralContainers` only, so nothing else is touched, and
 * only a volume that the Pod already has can be mounted.
 */
export function injectEphemeral(pod: V1Pod, oldPod: V1Pod | undefined, injections: readonly Injection[]): Injected {
  const old = new Set(oldPod?.spec?.ephemeralContainers?.map(({ name }) => name));
  return inOrder(pod, injections, (current, injection) => injectOneEphemeral(current, old, injection));
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

function injectOne(pod: V1Pod, injection: Injection, brought: V1Pod): Injected {
  const { spec } = pod;
  if (!spec) return { pod, injected: [], skipped: [], warnings: [] };
  const volume = volumeIn(pod, injection);
  const refuse: Refuse = (container, isThere) => conflict(container, isThere, injection, volume);
  const init = mountAll(spec.initContainers ?? [], injection, refuse);
  const main = mountAll(spec.containers, injection, refuse);
  const skipped = init.skipped.concat(main.skipped);
  const isMounted = init.isMounted || main.isMounted;
  // No chosen container: nothing to say, either.
  if (!isMounted && skipped.length === 0) return { pod, injected: [], skipped, warnings: [] };
  const mounted: V1Pod = isMounted
    ? {
        ...pod,
        spec: {
          ...spec,
          ...(spec.initContainers && { initContainers: init.containers }),
          containers: main.containers,
          ...(volume === 'none' && { volumes: [...(spec.volumes ?? []), injection.volume] }),
        },
      }
    : pod;
  const labelled = withLabels(mounted, injection, skipped.length === 0, brought);
  const users = volume === 'none' && isMounted ? containersThatName(injection.volume.name, pod) : [];
  return { ...labelled, injected: isMounted ? [injection] : [], skipped, warnings: labelled.warnings.concat(users) };
}

/** Warns of mounts of the Pod's own by the name of our volume, which it does not define: without us it would be refused. */
function containersThatName(volume: string, { spec }: V1Pod): string[] {
  const mounts = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].flatMap(({ name, volumeMounts }) =>
    (volumeMounts ?? []).filter((mount) => mount.name === volume).map(({ mountPath }) => ({ name, mountPath })),
  );
  return mounts.map(({ name, mountPath }) =>
    oneLine(
      `container ${name}: ${mountPath} names volume ${volume}, which the Pod does not define: it gets the injection's`,
    ),
  );
}

function injectOneEphemeral(pod: V1Pod, old: ReadonlySet<string>, injection: Injection): Injected {
  const { spec } = pod;
  if (!spec?.ephemeralContainers) return { pod, injected: [], skipped: [], warnings: [] };
  const volume = volumeIn(pod, injection);
  const isNew = (container: AnyContainer) => !old.has(container.name);
  const refuse: Refuse = (container, isThere) =>
    cannotMount(injection, volume) ?? conflict(container, isThere, injection, volume);
  const { containers, isMounted, skipped } = mountAll(spec.ephemeralContainers, injection, refuse, isNew);
  const injected = isMounted ? [injection] : [];
  return { pod: { ...pod, spec: { ...spec, ephemeralContainers: containers } }, injected, skipped, warnings: [] };
}

interface Refusal {
  reason: string;
  isConflict: boolean;
}
/** Why a container cannot have the mount, which it may have already; undefined where it can. */
type Refuse = (container: AnyContainer, isThere: boolean) => Refusal | undefined;

/** The containers, each that is chosen with the mount, unless it is refused. */
function mountAll<C extends AnyContainer>(
  containers: readonly C[],
  injection: Injection,
  refuse: Refuse,
  isCandidate: (container: C) => boolean = () => true,
): { containers: C[]; isMounted: boolean; skipped: Skipped[] } {
  const skipped: Skipped[] = [];
  let isMounted = false;
  const mounted = containers.map((container) => {
    if (!isCandidate(container) || !selectsName(injection.containers, container.name)) return container;
    const isThere = hasMount(container, injection.mount);
    const refusal = refuse(container, isThere);
    if (refusal) {
      const text = `${injection.name}: container ${container.name}: ${refusal.reason}`;
      skipped.push({ injection, text: oneLine(text), isConflict: refusal.isConflict });
      return container;
    }
    isMounted = true;
    if (isThere) return container;
    return { ...container, volumeMounts: [...(container.volumeMounts ?? []), injection.mount] };
  });
  return { containers: mounted, isMounted, skipped };
}

function conflict(
  container: AnyContainer,
  isThere: boolean,
  { mount }: Injection,
  volume: VolumeIn,
): Refusal | undefined {
  const path = normalPath(mount.mountPath);
  if (volume === 'another') {
    return { reason: `${path} not mounted, the Pod has another volume ${mount.name}`, isConflict: true };
  }
  if (isThere) return undefined;
  const inTheWay = obstacle(container, mount);
  if (inTheWay) return { reason: `${path} ${inTheWay}`, isConflict: true };
  // kubelet would not start it: k8s.io/kubernetes pkg/kubelet/container ExpandContainerVolumeMounts.
  const missing = missingVariable(container, referencesIn(mount.subPathExpr ?? ''));
  return missing === undefined
    ? undefined
    : { reason: `${path} not mounted, its subPathExpr needs variable ${missing}`, isConflict: false };
}

/** What the API server demands of ephemeral containers: k8s.io/kubernetes pkg/apis/core/validation validateEphemeralContainers. */
function cannotMount({ mount }: Injection, volume: VolumeIn): Refusal | undefined {
  const path = normalPath(mount.mountPath);
  if (volume === 'none')
    return { reason: `${path} not mounted, the Pod has no volume ${mount.name}`, isConflict: false };
  if (!mount.subPath && !mount.subPathExpr) return undefined;
  return { reason: `${path} not mounted, an ephemeral container can have no subPath`, isConflict: false };
}

type VolumeIn = 'ours' | 'another' | 'none';

/** What a Pod has under the name of an injection's volume. */
function volumeIn({ spec }: V1Pod, { volume }: Injection): VolumeIn {
  const there = spec?.volumes?.find(({ name }) => name === volume.name);
  if (!there) return 'none';
  return isAsDeclared(volume, there, 'volume') ? 'ours' : 'another';
}
