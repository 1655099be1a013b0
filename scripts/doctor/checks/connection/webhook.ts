import { isDeepStrictEqual } from 'node:util';
import type {
  AdmissionregistrationV1WebhookClientConfig as ClientConfig,
  V1MutatingWebhook,
  V1MutatingWebhookConfiguration,
} from '@kubernetes/client-node';
import type { Installation } from '../../../install/installation.ts';
import { webhookConfigurations } from '../../../install/registration.ts';
import type { KubernetesApi } from '../../../kubernetes/client.ts';
import { list } from '../../../kubernetes/read.ts';
import { broken, type Finding, ok, warning } from '../../../terminal/finding.ts';
import type { Seen } from '../../check.ts';

/** The webhook as the API server has it. */
export interface Registered {
  name: string;
  /** When it was registered. */
  since: Date;
  entries: V1MutatingWebhook[];
  /** Where the API server calls: that of the first entry. */
  clientConfig: ClientConfig;
  /** The Certificate that cainjector takes the caBundle from, `namespace/name`. */
  caFrom: string | undefined;
  /** All others of the cluster. */
  others: V1MutatingWebhookConfiguration[];
}

/** The webhook configuration: whether it is there, and has one place that the API server calls. */
export async function lookAtWebhook(api: KubernetesApi, installation: Installation): Promise<Seen<Registered>> {
  const all = await list<V1MutatingWebhookConfiguration>(api, webhookConfigurations);
  const { name } = installation;
  const configuration = all.find(({ metadata }) => metadata?.name === name);
  const entries = configuration?.webhooks ?? [];
  const [first] = entries;
  if (!configuration || !first) {
    const missing = configuration ? 'has no entry' : 'is not there';
    const text = `MutatingWebhookConfiguration ${name} ${missing}: the API server asks nobody`;
    return { findings: [broken('webhook', text, 'npm run deploy')] };
  }
  const found: Registered = {
    name,
    since: new Date(configuration.metadata?.creationTimestamp ?? 0),
    entries,
    clientConfig: first.clientConfig,
    caFrom: configuration.metadata?.annotations?.['cert-manager.io/inject-ca-from'],
    others: all.filter((other) => other !== configuration),
  };
  return { findings: placeFindings(found, installation), found };
}

/** The host that the API server asks for: what the certificate must name. */
export function hostOf({ url, service }: ClientConfig): string {
  return url === undefined ? `${service?.name}.${service?.namespace}.svc` : new URL(url).hostname;
}

/** Whether a host is the cluster-local one of the function, whatever the cluster's domain. */
export function isClusterLocal({ url }: ClientConfig, { name, namespace }: Installation): boolean {
  return url !== undefined && new URL(url).hostname.startsWith(`${name}.${namespace}.svc.`);
}

function placeFindings({ name, entries, clientConfig }: Registered, installation: Installation): Finding[] {
  const place = placeOf(clientConfig);
  const stray = entries.find((entry) => !isDeepStrictEqual(placeOf(entry.clientConfig), place));
  if (stray) {
    const text = `entry ${stray.name} calls ${placeOf(stray.clientConfig)}, but the first one ${place}`;
    return [broken('webhook', text, 'npm run deploy')];
  }
  const path = clientConfig.service ? (clientConfig.service.path ?? '/') : new URL(clientConfig.url ?? '').pathname;
  if (path !== '/mutate') {
    return [broken('webhook', `${name} calls ${place}, but the function answers at /mutate`, 'npm run deploy')];
  }
  if (clientConfig.url && !isClusterLocal(clientConfig, installation)) {
    const { name: service, namespace } = installation;
    const text = `${name} calls ${place}, which is not ${service}.${namespace}: what is behind it cannot be looked at`;
    return [warning('webhook', text, 'npm run deploy, or mind its certificate yourself')];
  }
  return [ok('webhook', `MutatingWebhookConfiguration ${name} calls ${place}; ${policiesOf(entries)}`)];
}

function placeOf({ url, service }: ClientConfig): string {
  if (url !== undefined) return url;
  const port = service?.port && service.port !== 443 ? `:${service.port}` : '';
  return `Service ${service?.name}${port} in ${service?.namespace} at ${service?.path ?? '/'}`;
}

/** `failurePolicy Ignore, sideEffects NoneOnDryRun` */
function policiesOf(entries: readonly V1MutatingWebhook[]): string {
  const values = (field: 'failurePolicy' | 'sideEffects') =>
    [...new Set(entries.map((entry) => entry[field]))].join(' or ');
  return `failurePolicy ${values('failurePolicy')}, sideEffects ${values('sideEffects')}`;
}
