import type { KubernetesObject } from './object.ts';

/**
 * The Pod that an object is, or that the controller of a workload would make of its template (Deployment, StatefulSet,
 * DaemonSet, Job, CronJob and their like); undefined for other objects.
 */
export function podOf(object: KubernetesObject): KubernetesObject | undefined {
  if (object.kind === 'Pod' && object.apiVersion === 'v1') return object;
  if (!/^(v1|(apps|batch)\/\w+)$/.test(object.apiVersion)) return undefined;
  const spec = object.spec as WorkloadSpec | undefined;
  const template = spec?.template ?? spec?.jobTemplate?.spec?.template;
  if (!template?.spec || !Array.isArray(template.spec.containers)) return undefined;
  const { name = object.metadata.generateName, namespace } = object.metadata;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...template.metadata, generateName: `${name}-`, ...(namespace && { namespace }) },
    spec: { ...template.spec, ...claimed(template.spec, spec?.volumeClaimTemplates, name) },
  };
}

/** The volumes that the controller of a StatefulSet makes of its claims. */
function claimed(
  spec: PodSpec,
  templates: KubernetesObject[] | undefined,
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
  template?: PodTemplate;
  volumeClaimTemplates?: KubernetesObject[];
  jobTemplate?: { spec?: { template?: PodTemplate } };
}

interface PodTemplate {
  metadata?: KubernetesObject['metadata'];
  spec?: PodSpec;
}

interface PodSpec {
  containers?: unknown;
  volumes?: unknown[];
  [field: string]: unknown;
}
