import type { V1CronJobSpec } from '@kubernetes/client-node';
import { kubectlScalar } from '../../function/injections/kubectl-scalar.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import type { KnativeService } from './knative-service.ts';
import { coverageProblems } from './overlay-coverage.ts';
import { entriesOf } from './webhook-configuration.ts';

/** A kustomization.yaml, as far as it can be wrong in a way that kustomize lets pass. */
export interface Kustomization {
  namespace?: string;
  namePrefix?: string;
  nameSuffix?: string;
  images?: { name: string }[];
  /** With their texts, also of those in files. */
  patches?: { path?: string; patch?: string; target?: { name?: string } }[];
  transformers?: string[];
}

/**
 * What was forgotten in an overlay of one's own, or is without effect in it, though kustomize renders it: each as a sentence
 * that names the field and the fix. `objects` is what it renders, `kustomization` its own file.
 */
export function overlayProblems(objects: readonly KubernetesObject[], kustomization: Kustomization = {}): string[] {
  const ours = objects.filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/part-of'] === 'hello-webhook');
  const webhook = ours.find(({ kind }) => kind === 'MutatingWebhookConfiguration');
  if (!webhook) return ['no webhook configuration of hello-webhook: `resources` needs one of manifests/overlays'];
  const fields = fieldProblems(kustomization);
  const entries = entriesOf(webhook);
  const incomplete = entries.filter(({ rules, clientConfig }) => !rules || !clientConfig);
  if (incomplete.length > 0)
    return [
      ...fields,
      `webhooks entry ${incomplete[0]?.name} has a selector only: \`transformers\` needs manifests/transformers/gateway, or cluster-local-url for that way`,
    ];
  return [
    ...fields,
    ...nameProblems(ours, webhook),
    ...imageProblems(ours, kustomization),
    ...coverageProblems(ours, entries),
  ];
}

const settingsHint =
  'set name and namespace in ConfigMap hello-webhook-settings, by a `configMapGenerator` that merges';

function fieldProblems({ patches = [], transformers = [], ...kustomization }: Kustomization): string[] {
  const names = (['namespace', 'namePrefix', 'nameSuffix'] as const).filter((field) => kustomization[field]);
  const isOfSettings = ({ patch, target }: (typeof patches)[number]) =>
    target?.name === 'hello-webhook-settings' || patch?.includes('hello-webhook-settings');
  return [
    ...names.map(
      (field) => `\`${field}\` does not reach URLs, hosts and certificates: leave it out, and ${settingsHint}`,
    ),
    ...(transformers.length === 0 && patches.some(isOfSettings)
      ? [
          'the patch of ConfigMap hello-webhook-settings has no effect, since an overlay below has put its values in place: change them there, or move `transformers` up here',
        ]
      : []),
  ];
}

/** Names that do not fit together, as kustomize's own transformers and later patches leave them. */
function nameProblems(ours: readonly KubernetesObject[], webhook: KubernetesObject): string[] {
  const instance = webhook.metadata.labels?.['app.kubernetes.io/instance'] ?? '';
  const [name = '', namespace = ''] = instance.split('.');
  const other = [name, namespace].find((one) => kubectlScalar(one) !== one);
  if (other !== undefined)
    return [
      `YAML does not read ${other} as text, and kustomize does not quote it everywhere: choose another name, and ${settingsHint}`,
    ];
  const annotations = webhook.metadata.annotations as Record<string, string> | undefined;
  const [caNamespace, caName] = annotations?.['cert-manager.io/inject-ca-from']?.split('/') ?? [];
  const services = entriesOf(webhook).flatMap(({ clientConfig }) => clientConfig.service ?? []);
  const expected = [
    { kind: 'MutatingWebhookConfiguration', name },
    { kind: 'ServiceAccount', name, namespace },
    { kind: 'Certificate', name: caName, namespace: caNamespace },
    ...services.flatMap((service) => [
      { kind: 'Service', name: service.name, namespace: service.namespace },
      { kind: 'DomainMapping', name: `${service.name}.${service.namespace}.svc`, namespace },
    ]),
  ];
  const missing = expected.find(
    (one) =>
      !ours.some(
        ({ kind, metadata }) => kind === one.kind && metadata.name === one.name && metadata.namespace === one.namespace,
      ),
  );
  if (!missing) return [];
  const place = missing.namespace ? ` in ${missing.namespace}` : '';
  return [`${missing.kind} ${missing.name}${place} is not found among the objects of ${instance}: ${settingsHint}`];
}

function imageProblems(ours: readonly KubernetesObject[], { images = [] }: Kustomization): string[] {
  const placeholder = 'hello-webhook';
  const isPlaceholder = (object: KubernetesObject) => imageOf(object) === placeholder;
  if (!ours.some(isPlaceholder)) return [];
  const others = images.map(({ name }) => name).filter((name) => name !== placeholder);
  const unmatched = others.length > 0 ? ` (${others.join(', ')} matches nothing)` : '';
  return [
    `the function's image is still the placeholder ${placeholder}: \`images\` needs an entry with \`name: ${placeholder}\`${unmatched}`,
  ];
}

/** The image of what runs the function: its Knative Service, and the CronJob of the component sync. */
function imageOf(object: KubernetesObject): string | undefined {
  const { spec } = object as { spec?: Partial<KnativeService['spec']> & V1CronJobSpec };
  const template = spec?.template ?? spec?.jobTemplate?.spec?.template;
  return template?.spec?.containers[0]?.image;
}
