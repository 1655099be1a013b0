import type { KubernetesObject } from './object.ts';

/**
 * Where in an object its Pod's metadata and spec are: in the object itself where it is a Pod, in the template of a
 * workload (Deployment, StatefulSet, DaemonSet, Job, CronJob and their like); undefined for other objects.
 */
export function podPath(object: KubernetesObject): string[] | undefined {
  if (object.kind === 'Pod' && object.apiVersion === 'v1') return [];
  if (!/^(v1|(apps|batch)\/\w+)$/.test(object.apiVersion)) return undefined;
  const spec = object.spec as WorkloadSpec | null | undefined;
  if (isTemplate(spec?.template)) return ['spec', 'template'];
  return isTemplate(spec?.jobTemplate?.spec?.template) ? ['spec', 'jobTemplate', 'spec', 'template'] : undefined;
}

/** Whether an object has a Pod template, but is of a kind that is not Kubernetes' own, such as a Rollout of Argo. */
export function isUnknownWorkload(object: KubernetesObject): boolean {
  const spec = object.spec as WorkloadSpec | null | undefined;
  const isWorkload = isTemplate(spec?.template) || isTemplate(spec?.jobTemplate?.spec?.template);
  return isWorkload && podPath(object) === undefined;
}

/** The Pod that an object is, or that the controller of a workload would make of its template; undefined for other objects. */
export function podOf(object: KubernetesObject): KubernetesObject | undefined {
  const path = podPath(object);
  if (!path) return undefined;
  if (path.length === 0) return object;
  const spec = object.spec as WorkloadSpec;
  const template = (spec.template ?? spec.jobTemplate?.spec?.template) as PodTemplate & { spec: PodSpec };
  const { name = object.metadata.generateName, namespace } = object.metadata;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...template.metadata, generateName: `${name}-`, ...(namespace && { namespace }) },
    spec: { ...template.spec, ...claimed(template.spec, spec.volumeClaimTemplates, name) },
  };
}

function isTemplate(template: PodTemplate | null | undefined): boolean {
  return Array.isArray(template?.spec?.containers);
}

/** The volumes that the controller of a StatefulSet makes of its claims. */
function claimed(
  spec: PodSpec,
  templates: KubernetesObject[] | null | undefined,
  owner: string | undefined,
): { volumes?: unknown[] } {
  if (!templates) return {};
  const volumes = templates.map(({ metadata: { name } }) => ({
    name,
    persistentVolumeClaim: { claimName: `${name}-${owner}-0` },
  }));
  return { volumes: [...(spec.volumes ?? []), ...volumes] };
}

interface WorkloadSpec {
  template?: PodTemplate | null;
  volumeClaimTemplates?: KubernetesObject[] | null;
  jobTemplate?: { spec?: { template?: PodTemplate | null } | null } | null;
}

interface PodTemplate {
  metadata?: KubernetesObject['metadata'];
  spec?: PodSpec | null;
}

interface PodSpec {
  containers?: unknown;
  volumes?: unknown[];
  [field: string]: unknown;
}
