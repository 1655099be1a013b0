import type { V1EnvVar, V1LabelSelector, V1Volume, V1VolumeMount } from '@kubernetes/client-node';
import { fileAnnotations, fileVolume } from './files.ts';
import type { Names } from './selector.ts';

/** Which Pods get which files and variables: one entry of injections.yaml. */
export interface Injection {
  name: string;
  /** Which Pods, by their labels; all of those namespaces where it is empty, as only beside a namespaceSelector. */
  selector: V1LabelSelector;
  /** Which namespaces, by their labels: a webhooks entry of its own, since a review does not carry them. */
  namespaceSelector?: V1LabelSelector;
  namespaces?: Names;
  /** Absent where there are variables only. */
  volume?: V1Volume;
  mounts: V1VolumeMount[];
  env: V1EnvVar[];
  /** The annotations that carry the text of `files`, of which the volume is made. */
  fileAnnotations?: Record<string, string>;
  containers?: Names;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  /** Whether the volume's ConfigMaps are copied from the function's namespace to where they are missing. */
  ensure?: boolean;
  onConflict: 'skip' | 'deny';
}

/** An injection as injections.schema.json lets it be written: what follows from the rest may be left out. */
export type DeclaredInjection = Omit<Injection, 'selector' | 'mounts' | 'env' | 'fileAnnotations' | 'onConflict'> & {
  selector?: V1LabelSelector;
  /** The files by their names, in place of `volume`. */
  files?: Record<string, string>;
  /** One mount, in place of `mounts`. */
  mount?: DeclaredMount;
  mounts?: DeclaredMount[];
  env?: V1EnvVar[];
  onConflict?: Injection['onConflict'];
};

type DeclaredMount = Omit<V1VolumeMount, 'name'> & { name?: string };

/** The annotations of this webhook's own; no injection may set one. */
export const annotationPrefix = 'hello-webhook/';
/** On a Pod, with the value `false`: nothing is injected into it. */
export const optOutAnnotation = `${annotationPrefix}inject`;
/** On a Pod: which containers were left out, and why. */
export const skippedAnnotation = `${annotationPrefix}skipped`;

/** Fills in what follows from the rest: `onConflict: skip`, the volume of `files`, and its name for the mounts. */
export function withDefaults(declared: DeclaredInjection): Injection {
  const { files, mount, mounts = mount ? [mount] : [], env = [], selector = {}, ...rest } = declared;
  const volume = files ? fileVolume(declared.name, files) : rest.volume;
  return {
    onConflict: 'skip',
    ...rest,
    selector,
    ...(volume && { volume }),
    ...(files && { fileAnnotations: fileAnnotations(declared.name, files) }),
    mounts: mounts.map((one) => ({ name: volume?.name ?? '', ...one })),
    env,
  };
}

/** The names of the ConfigMaps that a volume takes its files from. */
export function configMapsOf(volume: V1Volume | undefined): string[] {
  return [volume?.configMap, ...(volume?.projected?.sources ?? []).map((source) => source.configMap)].flatMap(
    (source) => source?.name ?? [],
  );
}

/** The ConfigMaps that are to be copied to where these injections' Pods are. */
export function ensuredConfigMaps(injections: readonly Injection[]): string[] {
  return [...new Set(injections.filter(({ ensure }) => ensure).flatMap(({ volume }) => configMapsOf(volume)))];
}
