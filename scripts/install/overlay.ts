import { Document, type Scalar, visit } from 'yaml';
import { kubectlScalar } from '../../function/injections/kubectl-scalar.ts';
import { ensuredConfigMaps, type Injection } from '../../function/review/injection.ts';
import { type Entry, entriesFor } from './entries.ts';
import { defaultInstallation, type Installation } from './installation.ts';
import type { Reach } from './reach.ts';
import { type Files, renderedMark } from './rendered-files.ts';
import { readCommonEntry } from './webhook-configuration.ts';

/** The manifests' components that are a person's choice. */
export const optionalComponents = [
  'ensure',
  'sync',
  'fail-closed',
  'always-warm',
  'network-policy',
  'monitoring',
] as const;

/** What an overlay of the manifests is to be. */
export interface Wanted extends Installation {
  reach: Reach;
  /** Where the gateway's Pods are, unless they are where the manifests have them. */
  gatewayNamespace?: string;
  /** The function's image; none leaves its Knative Service to whoever makes it (func, kn). */
  image: string | undefined;
  /** The text of injections.yaml; none takes the demo's. */
  injections?: string;
  components: (typeof optionalComponents)[number][];
  /** What the API server calls the function with; none calls it without a token. */
  callerToken?: string;
}

/**
 * An overlay such as a person keeps it in a repository of their own (manifests/examples/overlay). `text` is injections.yaml
 * as it is written, `injections` what it says; `manifest` turns a folder of the manifests into what `resources` takes: a
 * relative path, or a URL with its ref.
 */
export function overlayFor(
  wanted: Wanted,
  { text, injections }: { text: string; injections: readonly Injection[] },
  manifest: (folder: string) => string,
): Files {
  const { name, namespace, reach, gatewayNamespace, image, callerToken } = wanted;
  // There is no Knative Service to keep warm, and no image for a CronJob, where func or kn makes it.
  const components = wanted.components.filter(
    (component) => image !== undefined || (component !== 'always-warm' && component !== 'sync'),
  );
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
      values('hello-webhook-settings', { name, namespace, ...(callerToken && { path: `mutate/${callerToken}` }) }),
      ...(isByGateway && gatewayNamespace ? [values('hello-webhook-gateway', { namespace: gatewayNamespace })] : []),
      { name: 'hello-webhook-injections', behavior: 'merge', files: ['injections.yaml'] },
    ],
    ...(image !== undefined && { images: [{ name: 'hello-webhook', newName: image }] }),
    patches: [
      { path: 'webhooks.yaml' },
      ...(['ensure', 'sync'] as const)
        .filter((one) => components.includes(one))
        .map((one) => permissionsPatch(one, copied)),
      ...(!isByGateway && gatewayNamespace ? gatewayPatches(gatewayNamespace, components) : []),
    ],
    transformers: [manifest(`transformers/${isByGateway ? 'gateway' : reach}`)],
  };
  const webhook = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: defaultInstallation.name },
    webhooks: entriesFor(injections).map((entry) => entryManifest(entry, isByGateway)),
  };
  return {
    'kustomization.yaml': `${renderedMark}${toYaml(kustomization)}`,
    'injections.yaml': text,
    'webhooks.yaml': toYaml(webhook),
  };
}

/** An entry as webhooks.yaml has it: the transformers put the function's host, or its Service, around the path. */
export function entryManifest({ callName, ...entry }: Entry, isByGateway: boolean): object {
  if (callName === undefined) return entry;
  const path = `/mutate/${callName}`;
  return { ...entry, clientConfig: isByGateway ? { service: { path } } : { url: `https://HOST${path}` } };
}

/** The ConfigMap of the demo's injection. */
const demoConfigMap = 'hello-configmap';

function permissionsPatch(component: 'ensure' | 'sync', configMaps: readonly string[]): object {
  // No resourceNames at all would be the permission for every ConfigMap.
  const operation =
    configMaps.length > 0
      ? { op: 'replace', path: '/rules/0/resourceNames', value: configMaps }
      : { op: 'replace', path: '/rules', value: [] };
  return { target: { kind: 'ClusterRole', name: `hello-webhook:${component}` }, patch: toYaml([operation]) };
}

/** What a gateway in a namespace of another name takes where no transformer knows of it. */
function gatewayPatches(namespace: string, components: Wanted['components']): object[] {
  return [...leavingOut(namespace), ...(components.includes('network-policy') ? [lettingIn(namespace)] : [])];
}

/** The gateway's Pods must never wait for the function that is reached through them. */
function leavingOut(namespace: string): object[] {
  const [platform] = readCommonEntry().namespaceSelector?.matchExpressions ?? [];
  if (platform?.values?.includes(namespace)) return [];
  const operation = { op: 'add', path: '/webhooks/0/namespaceSelector/matchExpressions/0/values/-', value: namespace };
  return [
    {
      target: { kind: 'MutatingWebhookConfiguration', name: 'hello-webhook-entry' },
      patch: toYaml([operation]),
    },
  ];
}

/** The gateway's Pods call the function, whatever their labels are there. */
function lettingIn(namespace: string): object {
  const peer = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } };
  const operation = { op: 'add', path: '/spec/ingress/0/from/-', value: peer };
  return { target: { kind: 'NetworkPolicy', name: 'hello-webhook' }, patch: toYaml([operation]) };
}

/** As kubectl and kustomize read it back: what either takes for another value than this string is in quotes. */
function toYaml(value: object): string {
  const document = new Document(value, { version: '1.1', aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (_, scalar: Scalar) => {
      if (typeof scalar.value === 'string' && kubectlScalar(scalar.value) !== scalar.value)
        scalar.type = 'QUOTE_DOUBLE';
    },
  });
  return document.toString();
}
