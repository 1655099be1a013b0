import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { V1ClusterRole, V1MutatingWebhook } from '@kubernetes/client-node';
import { parse, stringify } from 'yaml';
import { parseInjections } from '../../function/injections/load.ts';
import { configMapsOf, type Injection } from '../../function/review/injection.ts';
import { parseManifest } from '../kubernetes/manifest.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { temporaryDirectory } from '../terminal/temporary-directory.ts';
import type { Installation } from './installation.ts';
import type { Reach } from './reach.ts';
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

const manifests = fileURLToPath(new URL('../../manifests', import.meta.url));

/**
 * The objects of an overlay, as `kubectl apply -k` would apply them, with a webhooks entry for each distinct selector of
 * its injections, and ensure's rights for just their ConfigMaps. Throws where kubectl, whose kustomize this takes, is missing.
 */
export async function render(wanted: Wanted, cleanup: AsyncDisposableStack): Promise<Rendered> {
  const directory = temporaryDirectory(join(tmpdir(), 'hello-webhook-'), cleanup);
  await cp(manifests, directory, { recursive: true });
  const settings = join(directory, 'components/settings/settings.yaml');
  const { name, namespace, reach, gatewayNamespace } = wanted;
  await editData(settings, { name, namespace });
  if (gatewayNamespace && reach !== 'cluster-local-url') {
    await editData(join(directory, `components/${reach}/gateway.yaml`), { namespace: gatewayNamespace });
  }
  const injectionsFile = join(directory, 'function/base/injections.yaml');
  if (wanted.injections !== undefined) await writeFile(injectionsFile, wanted.injections);
  const injections = parseInjections(await readFile(injectionsFile, 'utf8'), 'injections.yaml');
  const overlay = join(directory, 'overlays/wanted');
  await mkdir(overlay);
  await writeFile(join(overlay, 'kustomization.yaml'), stringify(kustomization(wanted)));
  const objects = parseManifest(await kustomize(overlay), overlay);
  return {
    objects: objects
      .filter((object) => isNeeded(object, injections))
      .map((object) => withRights(withEntries(object, injections, gatewayNamespace), injections)),
    injections,
  };
}

/** Puts values into the data of a ConfigMap's file. */
async function editData(file: string, data: Record<string, string>): Promise<void> {
  const configMap = parse(await readFile(file, 'utf8'));
  await writeFile(file, stringify({ ...configMap, data: { ...configMap.data, ...data } }));
}

function kustomization({ reach, image, components }: Wanted): object {
  return {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: [image === undefined ? '../../function/base' : '../../function', '../../webhook'],
    components: ['settings', reach, ...components].map((name) => `../../components/${name}`),
    images: image === undefined ? [] : [{ name: 'hello-webhook', ...partsOf(image) }],
  };
}

/** `registry:5000/name:tag` or `registry/name@sha256:…` in kustomize's words. A digest says it all: a tag beside it is left out. */
function partsOf(image: string): { newName: string; newTag?: string; digest?: string } {
  const [named = '', digest] = image.split('@');
  const [newName = ''] = /^(.*\/)?[^:]*/.exec(named) ?? [];
  const newTag = named.slice(newName.length + 1) || 'latest';
  return { newName, ...(digest ? { digest } : { newTag }) };
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

/** Whether an object is more than a source of copies that no injection asks for. */
function isNeeded({ kind, metadata, data }: KubernetesObject, injections: readonly Injection[]): boolean {
  if (kind !== 'ConfigMap' || Object.hasOwn(data as object, 'injections.yaml')) return true;
  return ensuredConfigMaps(injections).includes(metadata.name ?? '');
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

function withRights(object: KubernetesObject, injections: readonly Injection[]): KubernetesObject {
  if (object.kind !== 'ClusterRole') return object;
  const resourceNames = ensuredConfigMaps(injections);
  const { rules = [] } = object as unknown as V1ClusterRole;
  // No resourceNames at all would be the right to every ConfigMap.
  return { ...object, rules: resourceNames.length > 0 ? rules.map((rule) => ({ ...rule, resourceNames })) : [] };
}

/** The ConfigMaps that the function is to copy. */
export function ensuredConfigMaps(injections: readonly Injection[]): string[] {
  return [...new Set(injections.filter(({ ensure }) => ensure).flatMap(({ volume }) => configMapsOf(volume)))];
}
