import type { V1LabelSelector, V1Volume, V1VolumeMount } from '@kubernetes/client-node';
import type { Names } from './selector.ts';

/** Which Pods get which volume, mounted where: one entry of injections.yaml. */
export interface Injection {
  name: string;
  selector: V1LabelSelector;
  namespaces?: Names;
  volume: V1Volume;
  mount: V1VolumeMount;
  containers?: Names;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  /** Whether the volume's ConfigMaps are copied from the function's namespace to where they are missing. */
  ensure?: boolean;
  onConflict: 'skip' | 'deny';
}

/** An injection as injections.schema.json lets it be written: what follows from the rest may be left out. */
export type DeclaredInjection = Omit<Injection, 'mount' | 'onConflict'> & {
  mount: Omit<V1VolumeMount, 'name'> & { name?: string };
  onConflict?: Injection['onConflict'];
};

/** The annotations of this webhook's own; no injection may set one. */
export const annotationPrefix = 'hello-webhook/';
/** On a Pod, with the value `false`: nothing is injected into it. */
export const optOutAnnotation = `${annotationPrefix}inject`;
/** On a Pod: which containers were left out, and why. */
export const skippedAnnotation = `${annotationPrefix}skipped`;

/** Fills in the defaults: `onConflict: skip`, and the volume's name for the mount. */
export function withDefaults(declared: DeclaredInjection): Injection {
  return { onConflict: 'skip', ...declared, mount: { name: declared.volume.name, ...declared.mount } };
}

/** The names of the ConfigMaps that a volume takes its files from. */
export function configMapsOf({ configMap, projected }: V1Volume): string[] {
  return [configMap, ...(projected?.sources ?? []).map((source) => source.configMap)].flatMap(
    (source) => source?.name ?? [],
  );
}
