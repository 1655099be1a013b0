import type { V1Pod } from '@kubernetes/client-node';

/** Names for a line of text: the first few, and how many more there are. */
export function someOf(names: readonly string[], most = 3, separator = ', '): string {
  const rest = names.length - most;
  return rest > 0 ? `${names.slice(0, most).join(separator)} and ${rest} more` : names.join(separator);
}

/** `1 Pod`, `2 Pods`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** `namespace/name` */
export function podName({ metadata }: V1Pod): string {
  return `${metadata?.namespace}/${metadata?.name}`;
}
