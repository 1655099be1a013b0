import type { V1EnvVarSource, V1Volume } from '@kubernetes/client-node';
import { readYaml } from '../../scripts/workloads/yaml-file.ts';

/** What no injection may have, as the files in test/support/injections say. */
interface Bad {
  /** A part of what is said of it. */
  says: string;
  /** What the API server does with a Pod that has it. */
  server: 'refuses' | 'drops' | 'takes';
  /** Why it is refused all the same, where the API server takes it. */
  because?: string;
}

export interface BadVolume extends Bad {
  volume: Omit<V1Volume, 'name'>;
}

export interface BadVariable extends Bad {
  valueFrom: V1EnvVarSource;
}

export const badVolumes = readYaml('test/support/injections/bad-volumes.yaml') as BadVolume[];
export const goodVolumes = readYaml('test/support/injections/good-volumes.yaml') as BadVolume['volume'][];
export const badVariables = readYaml('test/support/injections/bad-variables.yaml') as BadVariable[];
export const goodVariables = readYaml('test/support/injections/good-variables.yaml') as V1EnvVarSource[];

/** The text of a configuration with an injection for each of these, by the name `i0`, `i1`, …, each for Pods of its own. */
export function configurationOf(injections: readonly object[]): string {
  return JSON.stringify({
    injections: injections.map((injection, index) => ({
      name: `i${index}`,
      selector: { matchLabels: { injection: `i${index}` } },
      mount: { mountPath: '/files' },
      ...injection,
    })),
  });
}

/** A volume by its name, for a title and for a configuration. */
export function named(volume: BadVolume['volume'], name: string): V1Volume {
  return { name, ...volume };
}
