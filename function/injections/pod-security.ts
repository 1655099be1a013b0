import type { V1Volume } from '@kubernetes/client-node';
import type { Injection } from '../review/injection.ts';

/** The sources that the Pod Security Standard `restricted` lets pass (k8s.io/pod-security-admission policy restrictedVolumes). */
const restricted: ReadonlySet<string> = new Set([
  ...['configMap', 'secret', 'projected', 'downwardAPI', 'emptyDir', 'ephemeral', 'persistentVolumeClaim', 'csi'],
  'image',
]);

/** The Pod Security Standards that refuse a Pod for this volume, where a namespace enforces them. */
export function refusingStandards(volume: V1Volume | undefined): string[] {
  const source = sourceOf(volume);
  if (source === undefined || restricted.has(source)) return [];
  return source === 'hostPath' ? ['baseline', 'restricted'] : ['restricted'];
}

/** What the owner of an injection may not know: where its Pods cannot be created. */
export function podSecurityWarnings({ volume }: Pick<Injection, 'volume'>): string[] {
  const standards = refusingStandards(volume).join(' or ');
  if (standards === '') return [];
  return [`a volume of kind ${sourceOf(volume)} is refused where Pod Security enforces ${standards}`];
}

/** The name of a volume's source. */
export function sourceOf(volume: V1Volume | undefined): string | undefined {
  return Object.keys(volume ?? {}).find((field) => field !== 'name');
}
