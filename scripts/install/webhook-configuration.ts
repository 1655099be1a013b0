import { isDeepStrictEqual } from 'node:util';
import type { V1MutatingWebhook, V1MutatingWebhookConfiguration } from '@kubernetes/client-node';
import type { Injection } from '../../function/review/injection.ts';
import { readManifest } from '../kubernetes/manifest.ts';
import { manifestPath } from './manifests.ts';

type Selected = Pick<Injection, 'name' | 'selector'>;

/**
 * An entry of a MutatingWebhookConfiguration for each distinct selector of these injections, so that no injection waits
 * for a call that never comes: each like `template`, named after the first injection with its selector.
 */
export function entriesFor(injections: readonly Selected[], template: V1MutatingWebhook): V1MutatingWebhook[] {
  const domain = template.name.slice(template.name.indexOf('.'));
  return injections
    .filter(
      ({ selector }, index) => injections.findIndex((other) => isDeepStrictEqual(other.selector, selector)) === index,
    )
    .map(({ name, selector }) => ({ ...template, name: `${name}${domain}`, objectSelector: selector }));
}

/** The entries of a MutatingWebhookConfiguration. */
export function entriesOf(webhook: object): V1MutatingWebhook[] {
  return (webhook as V1MutatingWebhookConfiguration).webhooks ?? [];
}

/** The MutatingWebhookConfiguration of the manifests for these injections at a URL; `caCert` is PEM, `overrides` goes into each entry. */
export function webhookConfiguration(
  { name, url, caCert }: { name: string; url: string; caCert: string },
  injections: readonly Selected[],
  overrides: Partial<V1MutatingWebhook> = {},
): V1MutatingWebhookConfiguration {
  const file = manifestPath('webhook/webhook.yaml');
  const [configuration] = readManifest(file) as unknown as V1MutatingWebhookConfiguration[];
  const [template] = configuration?.webhooks ?? [];
  if (!template) throw new Error(`${file}: has no webhooks entry`);
  const clientConfig = { url, caBundle: Buffer.from(caCert).toString('base64') };
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name },
    webhooks: entriesFor(injections, { ...template, clientConfig, ...overrides }),
  };
}
