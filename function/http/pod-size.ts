import type { V1Pod } from '@kubernetes/client-node';
import type { AnyContainer } from '../review/mount.ts';

/** Far above what any Pod has that runs: a node takes 110 Pods, and the API server stores 1.5 MiB. In all containers together. */
const most = {
  containers: 1_000,
  volumes: 10_000,
  mounts: 10_000,
  variables: 50_000,
  labels: 10_000,
  annotations: 10_000,
};

/** What a Pod has more of than is injected into: `more than 1000 containers`; undefined where it is no larger than that. */
export function excess({ metadata, spec }: V1Pod): string | undefined {
  const containers: AnyContainer[] = [spec?.initContainers, spec?.containers, spec?.ephemeralContainers].flatMap(
    (list) => list ?? [],
  );
  const inAll = (countOf: (container: AnyContainer) => number) =>
    containers.reduce((sum, container) => sum + countOf(container), 0);
  const counts: Record<keyof typeof most, number> = {
    containers: containers.length,
    volumes: spec?.volumes?.length ?? 0,
    mounts: inAll(({ volumeMounts, volumeDevices }) => (volumeMounts?.length ?? 0) + (volumeDevices?.length ?? 0)),
    variables: inAll(({ env }) => env?.length ?? 0),
    labels: Object.keys(metadata?.labels ?? {}).length,
    annotations: Object.keys(metadata?.annotations ?? {}).length,
  };
  const kinds = Object.keys(most) as (keyof typeof most)[];
  const kind = kinds.find((each) => counts[each] > most[each]);
  return kind && `more than ${most[kind]} ${kind}`;
}
