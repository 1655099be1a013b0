import { isDeepStrictEqual } from 'node:util';
import type { V1MutatingWebhook, V1MutatingWebhookConfiguration } from '@kubernetes/client-node';
import type { Injection } from '../../function/injection.ts';

/**
 * A MutatingWebhookConfiguration with an entry for each distinct selector of these injections, so that no injection
 * waits for a call that never comes. `caCert` is PEM; `overrides` goes into each entry.
 */
export function webhookConfiguration(
  { name, url, caCert }: { name: string; url: string; caCert: string },
  injections: readonly Pick<Injection, 'name' | 'selector'>[],
  overrides: Partial<V1MutatingWebhook> = {},
): V1MutatingWebhookConfiguration {
  const first = injections.filter(
    ({ selector }, index) => injections.findIndex((other) => isDeepStrictEqual(other.selector, selector)) === index,
  );
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name },
    webhooks: first.map((injection) => ({
      name: `${injection.name}.${name}.hello-system.svc`,
      clientConfig: { url, caBundle: Buffer.from(caCert).toString('base64') },
      rules: [
        { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'], scope: 'Namespaced' },
        {
          apiGroups: [''],
          apiVersions: ['v1'],
          operations: ['UPDATE'],
          resources: ['pods/ephemeralcontainers'],
          scope: 'Namespaced',
        },
      ],
      objectSelector: injection.selector,
      admissionReviewVersions: ['v1', 'v1beta1'],
      sideEffects: 'None',
      timeoutSeconds: 15,
      failurePolicy: 'Ignore',
      reinvocationPolicy: 'IfNeeded',
      ...overrides,
    })),
  };
}
