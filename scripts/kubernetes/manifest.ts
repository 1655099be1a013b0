import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { kubernetesYaml } from '../../function/injections/kubernetes-yaml.ts';
import type { KubernetesObject } from './client.ts';

/** The Kubernetes objects in a YAML or JSON file, those of Lists singly. Throws an Error that names the file where it is not YAML. */
export function readManifest(file: string): KubernetesObject[] {
  return parseManifest(readFileSync(file, 'utf8'), file);
}

/** The Kubernetes objects in a text; what is no object with a kind is left out. `file` is its name in an error. */
export function parseManifest(text: string, file: string): KubernetesObject[] {
  const documents = parseAllDocuments(text, kubernetesYaml);
  return documents.flatMap((document) => {
    const [error] = document.errors;
    if (error) throw new Error(`${file}: ${error.message}`);
    return objectsIn(document.toJS());
  });
}

function objectsIn(value: unknown): KubernetesObject[] {
  const object = value as (Partial<KubernetesObject> & { items?: unknown[] }) | null;
  if (typeof object?.kind !== 'string' || typeof object.apiVersion !== 'string') return [];
  if (object.kind.endsWith('List') && Array.isArray(object.items)) return object.items.flatMap(objectsIn);
  return [{ ...object, metadata: object.metadata ?? {} } as KubernetesObject];
}

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

/** What people call an object: `Deployment shop`, `Knative Service hello-webhook`. */
export function titleOf({ apiVersion, kind, metadata: { name, generateName } }: KubernetesObject): string {
  const whose = kind === 'Service' && apiVersion.startsWith('serving.knative.dev/') ? 'Knative ' : '';
  return `${whose}${kind} ${name ?? generateName ?? 'without a name'}`;
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
