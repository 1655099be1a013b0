import type { V1Pod } from '@kubernetes/client-node';
import { hasAll } from '../../function/review/container.ts';
import type { Injection } from '../../function/review/injection.ts';
import { selectsName } from '../../function/review/selector.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';

/** A Pod to be explained, and what makes it. */
export interface Subject {
  pod: V1Pod & KubernetesObject;
  /** Its controller, the controller of that, and so on. */
  owners: KubernetesObject[];
  /** Whether it is in the cluster; otherwise it is what a workload would make. */
  isThere: boolean;
}

/** The names of the containers that an injection chooses and that have all of it. */
export function containersWith({ pod: { spec } }: Subject, injection: Injection): string[] {
  return [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])]
    .filter((container) => selectsName(injection.containers, container.name) && hasAll(container, injection))
    .map(({ name }) => name);
}
