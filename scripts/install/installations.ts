import type { V1MutatingWebhookConfiguration } from '@kubernetes/client-node';
import type { KubernetesApi } from '../kubernetes/client.ts';
import { list } from '../kubernetes/read.ts';
import type { Installation } from './installation.ts';
import { webhookConfigurations } from './registration.ts';

/** The installations that a cluster has a webhook configuration of. */
export async function listInstallations(api: KubernetesApi): Promise<Installation[]> {
  const query = `labelSelector=${encodeURIComponent('app.kubernetes.io/part-of=hello-webhook')}`;
  const all = await list<V1MutatingWebhookConfiguration>(api, `${webhookConfigurations}?${query}`);
  return all.flatMap((configuration) => calledBy(configuration) ?? []);
}

/** The installation whose function a webhook configuration calls; undefined for somebody else's. */
export function calledBy({ metadata }: V1MutatingWebhookConfiguration): Installation | undefined {
  const { 'app.kubernetes.io/part-of': whole, 'app.kubernetes.io/instance': instance = '' } = metadata?.labels ?? {};
  const [name = '', namespace] = instance.split('.');
  // The configuration of a probe has the labels, and a name of its own.
  const isIts = whole === 'hello-webhook' && namespace !== undefined && metadata?.name === name;
  return isIts ? { name, namespace } : undefined;
}
