import type { V1EnvVar, V1VolumeMount } from '@kubernetes/client-node';
import type { Injection } from './injection.ts';
import { type AnyContainer, hasMount } from './mount.ts';
import { conflictInContainer, type PodContext } from './mount-conflict.ts';
import { withMount, withMountsNear } from './mounts-near.ts';
import { normalPath } from './path.ts';
import { missingVariable, referencesIn, variableIn, withVariable } from './variables.ts';

/** Why a part of an injection is not in a container, in words that follow the container's name. */
export interface Refusal {
  reason: string;
  /** Whether something is in the way; otherwise there is no way to (ephemeral containers, missing variables). */
  isConflict: boolean;
}

/** What the Pod offers to a container for an injection. */
export interface InjectionContext extends PodContext {
  /** What the Pod has under the name of the injection's volume. */
  volume: 'ours' | 'another' | 'none';
  /** Why the Pod cannot carry the injection's files. */
  filesRefusal?: string | undefined;
}

export interface InjectedContainer<C extends AnyContainer> {
  container: C;
  /** Whether it has a part of the injection. */
  isInjected: boolean;
  /** Whether that is one of its mounts. */
  isMounted: boolean;
  refusals: Refusal[];
}

/** A container with an injection's mounts and variables: each that it has not, unless something forbids it. */
export function injectContainer<C extends AnyContainer>(
  original: C,
  { mounts, env }: Injection,
  context: InjectionContext,
): InjectedContainer<C> {
  const result: InjectedContainer<C> = { container: original, isInjected: false, isMounted: false, refusals: [] };
  for (const mount of mounts) {
    const near = withMountsNear(result.container, mount.mountPath);
    const isThere = hasMount(near, mount);
    const refusal = mountRefusal(near, mount, isThere, context);
    if (refusal) result.refusals.push(refusal);
    else {
      result.isInjected = true;
      result.isMounted = true;
      if (!isThere) result.container = withMount(result.container, mount);
    }
  }
  if (env.length === 0) return result;
  // A program that is pointed to a missing file may not even start.
  if (result.refusals.length > 0) result.refusals.push(notAllMounted(env));
  else for (const variable of env) setVariable(result, variable);
  return result;
}

/** Whether a container has all of an injection. */
export function hasAll(container: AnyContainer, { mounts, env }: Injection): boolean {
  return (
    mounts.every((mount) => hasMount(container, mount)) &&
    env.every((variable) => variableIn(container, variable) === 'ours')
  );
}

function mountRefusal(
  container: AnyContainer,
  mount: V1VolumeMount,
  isThere: boolean,
  context: InjectionContext,
): Refusal | undefined {
  const { volume, filesRefusal, isEphemeral } = context;
  const path = normalPath(mount.mountPath);
  if (filesRefusal) return { reason: `${path} not mounted, ${filesRefusal}`, isConflict: true };
  if (isEphemeral) {
    const reason = ephemeralRefusal(mount, volume);
    if (reason) return { reason: `${path} not mounted, ${reason}`, isConflict: false };
  }
  if (volume === 'another') {
    return { reason: `${path} not mounted, the Pod has another volume ${mount.name}`, isConflict: true };
  }
  if (isThere) return undefined;
  const inTheWay = conflictInContainer(container, mount, context);
  if (inTheWay) return { reason: `${path} ${inTheWay}`, isConflict: true };
  // kubelet would not start it: k8s.io/kubernetes pkg/kubelet/container ExpandContainerVolumeMounts.
  const missing = missingVariable(container, referencesIn(mount.subPathExpr ?? ''));
  return missing === undefined
    ? undefined
    : { reason: `${path} not mounted, its subPathExpr needs variable ${missing}`, isConflict: false };
}

/** What the API server demands of ephemeral containers: k8s.io/kubernetes pkg/apis/core/validation validateEphemeralContainers. */
function ephemeralRefusal(mount: V1VolumeMount, volume: InjectionContext['volume']): string | undefined {
  if (volume === 'none') return `the Pod has no volume ${mount.name}`;
  return mount.subPath || mount.subPathExpr ? 'an ephemeral container can have no subPath' : undefined;
}

function notAllMounted(env: readonly V1EnvVar[]): Refusal {
  const names = env.map(({ name }) => name).join(', ');
  return { reason: `${names} not set, since not all files are mounted`, isConflict: false };
}

function setVariable(result: InjectedContainer<AnyContainer>, variable: V1EnvVar): void {
  const there = variableIn(result.container, variable);
  const missing = there === 'none' ? missingVariable(result.container, referencesIn(variable.value ?? '')) : undefined;
  if (there === 'another') {
    result.refusals.push({ reason: `variable ${variable.name} has another value`, isConflict: true });
  } else if (missing !== undefined) {
    result.refusals.push({
      reason: `${variable.name} not set, its value needs variable ${missing}`,
      isConflict: false,
    });
  } else {
    result.isInjected = true;
    if (there === 'ours') return;
    result.container = withVariable(result.container, variable);
  }
}
