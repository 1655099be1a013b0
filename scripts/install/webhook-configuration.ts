import { isDeepStrictEqual } from 'node:util';
import type { V1MutatingWebhook, V1MutatingWebhookConfiguration } from '@kubernetes/client-node';
import type { Injection } from '../../function/review/injection.ts';
import { readManifest } from '../kubernetes/manifest.ts';
import { manifestPath } from './manifests.ts';

type Selected = Pick<Injection, 'name' | 'selector'>;

/** What a webhooks entry has of its own; the rest is manifests/base/entry.yaml. */
export type Entry = Required<Pick<V1MutatingWebhook, 'name' | 'objectSelector'>>;

/**
 * An entry for each distinct selector of these injections, so that no injection waits for a call that never comes, named
 * after the first injection with its selector.
 */
export function entriesFor(injections: readonly Selected[]): Entry[] {
  return injections
    .filter(
      ({ selector }, index) => injections.findIndex((other) => isDeepStrictEqual(other.selector, selector)) === index,
    )
    .map(({ name, selector }) => ({ name, objectSelector: selector }));
}

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
  injections: readonly Selected[],
  overrides: Partial<V1MutatingWebhook> = {},
): V1MutatingWebhookConfiguration {
  const common = readCommonEntry();
  const domain = common.name.slice(common.name.indexOf('.'));
  const clientConfig = { url, caBundle: Buffer.from(caCert).toString('base64') };
  const webhooks = entriesFor(injections).map((entry) => ({
    ...common,
    ...entry,
    name: `${entry.name}${domain}`,
    clientConfig,
    ...overrides,
  }));
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name },
    webhooks,
  };
}
