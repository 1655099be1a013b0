import type { V1LabelSelector, V1MutatingWebhook, V1MutatingWebhookConfiguration } from '@kubernetes/client-node';
import { readManifest } from '../kubernetes/manifest.ts';
import { entriesFor, type Selecting } from './entries.ts';
import { manifestPath } from './manifests.ts';

/** The entries of a MutatingWebhookConfiguration. */
export function entriesOf(webhook: object): V1MutatingWebhook[] {
  return (webhook as V1MutatingWebhookConfiguration).webhooks ?? [];
}

/** What all webhooks entries have in common, for an installation in its default namespace. */
export function readCommonEntry(): V1MutatingWebhook {
  const file = manifestPath('base/entry.yaml');
  const [entry] = readManifest(file).flatMap(entriesOf);
  if (!entry) throw new Error(`${file}: has no webhooks entry`);
  return entry;
}

/**
 * A MutatingWebhookConfiguration for these injections at a URL, with what the manifests have for every entry, where no
 * kustomize is needed; `caCert` is PEM, `overrides` goes into each entry.
 */
export function webhookConfiguration(
  { name, url, caCert }: { name: string; url: string; caCert: string },
  injections: readonly Selecting[],
  overrides: Partial<V1MutatingWebhook> = {},
): V1MutatingWebhookConfiguration {
  const common = readCommonEntry();
  const domain = common.name.slice(common.name.indexOf('.'));
  const caBundle = Buffer.from(caCert).toString('base64');
  const webhooks = entriesFor(injections).map(({ callName, namespaceSelector: own, ...entry }) => ({
    ...common,
    ...entry,
    name: `${entry.name}${domain}`,
    namespaceSelector: both(own, common.namespaceSelector),
    clientConfig: { url: callName === undefined ? url : `${url}/${callName}`, caBundle },
    ...overrides,
  }));
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name },
    webhooks,
  };
}

/** What both select, as kustomize puts it into an entry. */
function both(own: V1LabelSelector = {}, common: V1LabelSelector = {}): V1LabelSelector {
  return {
    ...own,
    ...common,
    matchExpressions: [...(own.matchExpressions ?? []), ...(common.matchExpressions ?? [])],
  };
}
