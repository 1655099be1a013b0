import { isDeepStrictEqual } from 'node:util';
import type { V1MutatingWebhook } from '@kubernetes/client-node';
import { parseCallerTokens } from '../../function/http/caller-tokens.ts';
import { parseManifest, readManifest } from '../kubernetes/manifest.ts';
import { manifestPath } from './manifests.ts';
import { entriesOf, readCommonEntry } from './webhook-configuration.ts';

/** A kustomization.yaml, as far as it can be wrong in a way that kustomize lets pass. */
export interface Kustomization {
  namespace?: string;
  namePrefix?: string;
  nameSuffix?: string;
  commonLabels?: object;
  labels?: { includeSelectors?: boolean }[];
  images?: { name: string; newTag?: string; digest?: string }[];
  /** With the lines of their `envs` among the literals. */
  configMapGenerator?: { name?: string; literals?: string[] }[];
  /** With their texts, also of those in files. */
  patches?: { path?: string; patch?: string; target?: { name?: string } }[];
  transformers?: string[];
}

export const settingsHint =
  'set name and namespace in ConfigMap hello-webhook-settings, by a `configMapGenerator` that merges';

/** What an overlay's own kustomization.yaml says without effect, or with another one than is meant: each with its fix. */
export function fieldProblems(kustomization: Kustomization): string[] {
  return [
    ...nameFields(kustomization),
    ...labelFields(kustomization),
    ...imageFields(kustomization),
    ...settingsFields(kustomization),
    ...patchFields(kustomization),
  ];
}

function nameFields(kustomization: Kustomization): string[] {
  return (['namespace', 'namePrefix', 'nameSuffix'] as const)
    .filter((field) => kustomization[field])
    .map((field) => `\`${field}\` does not reach URLs, hosts and certificates: leave it out, and ${settingsHint}`);
}

function labelFields({ commonLabels, labels = [] }: Kustomization): string[] {
  const field = commonLabels ? 'commonLabels' : labels.some((one) => one.includeSelectors) && 'labels.includeSelectors';
  return field
    ? [
        `\`${field}\` goes into selectors, too: the API server refuses the Knative Service, and the gateway's Service selects nothing; use \`labels\` without \`includeSelectors\``,
      ]
    : [];
}

function imageFields({ images = [] }: Kustomization): string[] {
  return images
    .filter(({ name }) => name === 'hello-webhook')
    .flatMap(({ digest, newTag }) => [
      ...(digest !== undefined && !/^sha256:[0-9a-f]{64}$/.test(digest)
        ? [`\`images\`: digest ${digest} is not sha256: and 64 hexadecimal digits; a tag is \`newTag\``]
        : []),
      ...(newTag?.includes(':') ? [`\`images\`: newTag ${newTag} is not a tag; a digest is \`digest\``] : []),
    ]);
}

function settingsFields(kustomization: Kustomization): string[] {
  const [settings] = readManifest(manifestPath('base/settings.yaml'));
  const known = Object.keys((settings?.data as object | undefined) ?? {});
  const unknown = settingsOf(kustomization)
    .map(([key]) => key)
    .filter((key) => !known.includes(key));
  return [
    ...unknown.map((key) => `ConfigMap hello-webhook-settings has no key ${key}: its keys are ${known.join(', ')}`),
    // Without the value, which may hold a token.
    ...(isPathInvalid(kustomization)
      ? [
          '`path` of ConfigMap hello-webhook-settings must be mutate/TOKEN, without a / before it, and TOKEN 32 to 128 lower-case letters, digits and -',
        ]
      : []),
  ];
}

/** Whether the settings have the API server call a path that no function serves. */
export function isPathInvalid(kustomization: Kustomization): boolean {
  const path = settingsOf(kustomization).findLast(([key]) => key === 'path')?.[1] ?? 'mutate';
  const token = /^mutate\/(.*)$/.exec(path)?.[1];
  return path !== 'mutate' && parseCallerTokens(token ?? '')?.tokens.length !== 1;
}

function settingsOf({ configMapGenerator = [] }: Kustomization): [key: string, value: string][] {
  return configMapGenerator
    .filter(({ name }) => name === 'hello-webhook-settings')
    .flatMap(({ literals = [] }) => literals)
    .map((line) => {
      const [, key = '', value = ''] = /^\s*([^=]*)=?["']?(.*?)["']?\s*$/.exec(line) ?? [];
      return [key, value];
    });
}

function patchFields({ patches = [], transformers = [] }: Kustomization): string[] {
  const isOfSettings = ({ patch, target }: (typeof patches)[number]) =>
    target?.name === 'hello-webhook-settings' || patch?.includes('hello-webhook-settings');
  if (transformers.length === 0)
    return patches.some(isOfSettings)
      ? [
          'the patch of ConfigMap hello-webhook-settings has no effect, since an overlay below has put its values in place: change them there, or move `transformers` up here',
        ]
      : [];
  return patches.flatMap(({ patch = '' }) =>
    parseManifest(patch, 'patches')
      .filter(({ kind, metadata }) => kind === 'MutatingWebhookConfiguration' && metadata.name === 'hello-webhook')
      .flatMap(entriesOf)
      .flatMap(entryFields),
  );
}

/** The fields of an entry that the transformers write over. */
function entryFields(entry: V1MutatingWebhook): string[] {
  const { name: _, namespaceSelector: _own, ...common } = readCommonEntry();
  return (Object.keys(common) as (keyof typeof common)[])
    .filter((field) => field in entry && !isDeepStrictEqual(entry[field], common[field]))
    .map(
      (field) =>
        `${field} of webhooks entry ${entry.name} has no effect: ${field === 'failurePolicy' ? '`components` takes manifests/components/fail-closed for Fail, of all entries' : 'patch MutatingWebhookConfiguration hello-webhook-entry, for all entries'}`,
    );
}
