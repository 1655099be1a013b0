import type { V1CronJobSpec } from '@kubernetes/client-node';
import { kubectlScalar } from '../../function/injections/kubectl-scalar.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import type { KnativeService } from './knative-service.ts';
import { coverageProblems, coverageWarnings } from './overlay-coverage.ts';
import { fieldProblems, isPathInvalid, type Kustomization, settingsHint } from './overlay-fields.ts';
import { entriesOf } from './webhook-configuration.ts';

/** What is said of an overlay that kustomize renders: each a sentence that names the field and the fix. */
export interface OverlayFindings {
  /** What was forgotten, or is without effect. */
  problems: string[];
  /** What works, but costs. */
  warnings: string[];
}

/** What is wrong with an overlay of one's own. `objects` is what it renders, `kustomization` its own file. */
export function overlayFindings(
  objects: readonly KubernetesObject[],
  kustomization: Kustomization = {},
): OverlayFindings {
  const ours = objects.filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/part-of'] === 'hello-webhook');
  const webhook = ours.find(({ kind }) => kind === 'MutatingWebhookConfiguration');
  const only = (...problems: string[]) => ({ problems, warnings: [] });
  if (!webhook) return only('no webhook configuration of hello-webhook: `resources` needs one of manifests/overlays');
  const fields = fieldProblems(kustomization);
  const entries = entriesOf(webhook);
  const incomplete = entries.find(({ rules, clientConfig }) => !rules || !clientConfig);
  if (incomplete)
    return only(
      ...fields,
      `webhooks entry ${incomplete.name} has a selector only: \`transformers\` needs manifests/transformers/gateway, or cluster-local-url for that way`,
    );
  // Whom the entries are for is told by their paths, too.
  if (isPathInvalid(kustomization)) return only(...fields);
  const problems = [
    ...fields,
    ...nameProblems(ours, webhook),
    ...imageProblems(ours, kustomization),
    ...revisionProblems(ours),
    ...coverageProblems(ours, entries),
  ];
  return { problems, warnings: problems.length > 0 ? [] : coverageWarnings(ours, entries) };
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

/** Where the ConfigMap of the injections has no hash in its name, the Knative Service does not change with it. */
function revisionProblems(ours: readonly KubernetesObject[]): string[] {
  const hasService = ours.some(
    ({ apiVersion, kind }) => kind === 'Service' && apiVersion.startsWith('serving.knative.dev/'),
  );
  const isUnhashed = ours.some(
    ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'hello-webhook-injections',
  );
  return hasService && isUnhashed
    ? [
        '`disableNameSuffixHash` keeps changed injections from being a new revision, which the function needs: leave it out for ConfigMap hello-webhook-injections',
      ]
    : [];
}
