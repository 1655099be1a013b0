import { execFile } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import type { V1ClusterRole, V1MutatingWebhook } from '@kubernetes/client-node';
import { parse, stringify } from 'yaml';
import { parseInjections } from '../../function/injections/load.ts';
import { configMapsOf, type Injection } from '../../function/review/injection.ts';
import { parseManifest } from '../kubernetes/manifest.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { temporaryDirectory } from '../terminal/temporary-directory.ts';
import { defaultInstallation, type Installation } from './installation.ts';
import type { KnativeService } from './knative-service.ts';
import { manifestPath } from './manifests.ts';
import { gatewayFile, type Reach } from './reach.ts';
import { entriesFor, entriesOf } from './webhook-configuration.ts';

/** What is to be applied: an overlay of the manifests, in words. */
export interface Wanted extends Installation {
  reach: Reach;
  /** Where the gateway's Pods are, unless they are where the manifests have them. */
  gatewayNamespace?: string;
  /** The function's image; none leaves its Knative Service to whoever makes it (func, kn). */
  image: string | undefined;
  /** The text of injections.yaml; none takes that of the manifests. */
  injections?: string;
  components: ('ensure' | 'fail-closed' | 'always-warm')[];
}

/** The objects of an overlay, and the injections that their webhook is for. */
export interface Rendered {
  objects: KubernetesObject[];
  injections: Injection[];
}

/**
 * The objects of an overlay, as `kubectl apply -k` would apply them, with a webhooks entry for each distinct selector of
 * its injections, and ensure's permissions for just their ConfigMaps. Throws where kubectl, whose kustomize this takes, is
 * missing.
 */
export async function render(wanted: Wanted, cleanup: AsyncDisposableStack): Promise<Rendered> {
  const overlay = temporaryDirectory(join(tmpdir(), 'hello-webhook-'), cleanup);
  const injections = await wantedInjections(wanted);
  await writeOverlay(overlay, wanted, injections);
  const objects = parseManifest(await kustomize(overlay), overlay);
  return {
    objects: objects.map((object) =>
      withImage(withPermissions(withEntries(object, injections, wanted.gatewayNamespace), injections), wanted.image),
    ),
    injections,
  };
}

/** The injections of what is wanted: its own, or those of the manifests. */
export async function wantedInjections({ injections }: Pick<Wanted, 'injections'>): Promise<Injection[]> {
  const text = injections ?? (await readFile(manifestPath('function/base/injections.yaml'), 'utf8'));
  return parseInjections(text, 'injections.yaml');
}

/** Writes an overlay such as a person keeps: what it takes of the manifests by its path, and its own values in files. */
async function writeOverlay(directory: string, wanted: Wanted, injections: readonly Injection[]): Promise<void> {
  const { name, namespace, reach, gatewayNamespace, image, components } = wanted;
  const path = (place: string) => relative(realpathSync(directory), realpathSync(manifestPath(place)));
  const write = (file: string, content: object) => writeFile(join(directory, file), stringify(content));
  await write('settings.yaml', await configMapLike(manifestPath('settings/settings.yaml'), { name, namespace }));
  const hasGateway = reach !== 'cluster-local-url';
  if (hasGateway) {
    const moved = gatewayNamespace === undefined ? {} : { namespace: gatewayNamespace };
    await write('gateway.yaml', await configMapLike(gatewayFile(reach), moved));
  }
  if (wanted.injections !== undefined) await writeFile(join(directory, 'injections.yaml'), wanted.injections);
  const isHelloCopied = ensuredConfigMaps(injections).includes('hello-configmap');
  await write('kustomization.yaml', {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: [
      path(image === undefined ? 'function/base' : 'function'),
      ...(isHelloCopied ? [path('function/hello')] : []),
      path('webhook'),
      'settings.yaml',
      ...(hasGateway ? ['gateway.yaml'] : []),
    ],
    components: ['names', hasGateway ? 'gateway' : reach, ...components].map((one) => path(`components/${one}`)),
    ...(wanted.injections !== undefined && {
      configMapGenerator: [
        {
          name: 'hello-webhook-injections',
          // The one that it has in the manifests: kustomize finds what is replaced by that.
          namespace: defaultInstallation.namespace,
          behavior: 'replace',
          files: ['injections.yaml'],
          options: { disableNameSuffixHash: image === undefined },
        },
      ],
    }),
  });
}

/** A ConfigMap's file with other values in its data. */
async function configMapLike(file: string, data: Record<string, string>): Promise<object> {
  const configMap = parse(await readFile(file, 'utf8'));
  return { ...configMap, data: { ...configMap.data, ...data } };
}

async function kustomize(directory: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('kubectl', ['kustomize', directory], { maxBuffer: 2 ** 26 });
    return stdout;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new Error('kubectl is not installed: its kustomize puts the manifests together');
    throw new Error(message);
  }
}

function withEntries(
  object: KubernetesObject,
  injections: readonly Injection[],
  gatewayNamespace: string | undefined,
): KubernetesObject {
  if (object.kind !== 'MutatingWebhookConfiguration') return object;
  const [template] = entriesOf(object);
  return template ? { ...object, webhooks: entriesFor(injections, leavingOut(template, gatewayNamespace)) } : object;
}

/** The gateway's Pods must not wait for the function that is reached through them. */
function leavingOut(entry: V1MutatingWebhook, namespace: string | undefined): V1MutatingWebhook {
  const [first, ...rest] = entry.namespaceSelector?.matchExpressions ?? [];
  if (!namespace || !first || first.values?.includes(namespace)) return entry;
  const left = { ...first, values: [...(first.values ?? []), namespace] };
  return { ...entry, namespaceSelector: { matchExpressions: [left, ...rest] } };
}

function withPermissions(object: KubernetesObject, injections: readonly Injection[]): KubernetesObject {
  if (object.kind !== 'ClusterRole') return object;
  const resourceNames = ensuredConfigMaps(injections);
  const { rules = [] } = object as unknown as V1ClusterRole;
  // No resourceNames at all would be the permission for every ConfigMap.
  return { ...object, rules: resourceNames.length > 0 ? rules.map((rule) => ({ ...rule, resourceNames })) : [] };
}

/** The Knative Service with the image in the place of the manifests' own name for it. */
function withImage(object: KubernetesObject, image: string | undefined): KubernetesObject {
  if (image === undefined || object.kind !== 'Service' || !object.apiVersion.startsWith('serving.')) return object;
  const service = structuredClone(object) as KubernetesObject & KnativeService;
  for (const container of service.spec.template.spec.containers) container.image = image;
  return service;
}

/** The ConfigMaps that the function is to copy. */
export function ensuredConfigMaps(injections: readonly Injection[]): string[] {
  return [...new Set(injections.filter(({ ensure }) => ensure).flatMap(({ volume }) => configMapsOf(volume)))];
}
