import { stringify } from 'yaml';
import { configMapsOf, type Injection } from '../../function/review/injection.ts';
import { defaultInstallation, type Installation } from './installation.ts';
import type { Reach } from './reach.ts';
import { entriesFor, readCommonEntry } from './webhook-configuration.ts';

/** What an overlay of the manifests is to be. */
export interface Wanted extends Installation {
  reach: Reach;
  /** Where the gateway's Pods are, unless they are where the manifests have them. */
  gatewayNamespace?: string;
  /** The function's image; none leaves its Knative Service to whoever makes it (func, kn). */
  image: string | undefined;
  /** The text of injections.yaml; none takes the demo's. */
  injections?: string;
  components: ('ensure' | 'fail-closed' | 'always-warm')[];
}

/** The files of an overlay, by their names. */
export type Overlay = Record<'kustomization.yaml' | 'injections.yaml' | 'webhooks.yaml', string>;

/**
 * An overlay such as a person keeps it in a repository of their own (manifests/examples/overlay). `text` is injections.yaml
 * as it is written, `injections` what it says; `manifest` turns a folder of the manifests into what `resources` takes: a
 * relative path, or a URL with its ref.
 */
export function overlayFor(
  wanted: Wanted,
  { text, injections }: { text: string; injections: readonly Injection[] },
  manifest: (folder: string) => string,
): Overlay {
  const { name, namespace, reach, gatewayNamespace, image } = wanted;
  // There is no Knative Service to keep warm where func or kn makes it.
  const components = wanted.components.filter((component) => component !== 'always-warm' || image !== undefined);
  const isByGateway = reach !== 'cluster-local-url';
  const copied = ensuredConfigMaps(injections);
  const values = (configMap: string, literals: object) => ({
    name: configMap,
    behavior: 'merge',
    literals: Object.entries(literals).map((pair) => pair.join('=')),
  });
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: [
      `overlays/${reach}`,
      ...(components.includes('ensure') && copied.includes(demoConfigMap) ? ['demo/copy-source'] : []),
    ].map(manifest),
    components: [...components, ...(image === undefined ? ['without-service'] : [])].map((component) =>
      manifest(`components/${component}`),
    ),
    configMapGenerator: [
      values('hello-webhook-settings', { name, namespace }),
      ...(isByGateway && gatewayNamespace ? [values('hello-webhook-gateway', { namespace: gatewayNamespace })] : []),
      { name: 'hello-webhook-injections', behavior: 'merge', files: ['injections.yaml'] },
    ],
    ...(image !== undefined && { images: [{ name: 'hello-webhook', newName: image }] }),
    patches: [
      { path: 'webhooks.yaml' },
      ...(components.includes('ensure') ? [permissionsPatch(copied)] : []),
      ...(!isByGateway && gatewayNamespace ? leavingOut(gatewayNamespace) : []),
    ],
    transformers: [manifest(`transformers/${isByGateway ? 'gateway' : reach}`)],
  };
  const webhook = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: defaultInstallation.name },
    webhooks: entriesFor(injections),
  };
  return {
    'kustomization.yaml': stringify(kustomization),
    'injections.yaml': text,
    'webhooks.yaml': stringify(webhook, { aliasDuplicateObjects: false }),
  };
}

/** The ConfigMap of the demo's injection. */
const demoConfigMap = 'hello-configmap';

function permissionsPatch(configMaps: readonly string[]): object {
  // No resourceNames at all would be the permission for every ConfigMap.
  const operation =
    configMaps.length > 0
      ? { op: 'replace', path: '/rules/0/resourceNames', value: configMaps }
      : { op: 'replace', path: '/rules', value: [] };
  return { target: { kind: 'ClusterRole', name: 'hello-webhook:ensure' }, patch: stringify([operation]) };
}

/** The gateway's Pods must never wait for the function that is reached through them. */
function leavingOut(namespace: string): object[] {
  const [platform] = readCommonEntry().namespaceSelector?.matchExpressions ?? [];
  if (platform?.values?.includes(namespace)) return [];
  const operation = { op: 'add', path: '/webhooks/0/namespaceSelector/matchExpressions/0/values/-', value: namespace };
  return [
    {
      target: { kind: 'MutatingWebhookConfiguration', name: 'hello-webhook-entry' },
      patch: stringify([operation]),
    },
  ];
}

/** The ConfigMaps that the function is to copy. */
export function ensuredConfigMaps(injections: readonly Injection[]): string[] {
  return [...new Set(injections.filter(({ ensure }) => ensure).flatMap(({ volume }) => configMapsOf(volume)))];
}
