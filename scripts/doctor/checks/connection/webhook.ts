import { isDeepStrictEqual } from 'node:util';
import type {
  AdmissionregistrationV1WebhookClientConfig as ClientConfig,
  V1ManagedFieldsEntry,
  V1MutatingWebhook,
  V1MutatingWebhookConfiguration,
} from '@kubernetes/client-node';
import { segmentsOf } from '../../../install/caller-tokens.ts';
import { fieldManager, type Installation } from '../../../install/installation.ts';
import { webhookConfigurations } from '../../../install/registration.ts';
import { list } from '../../../kubernetes/read.ts';
import { commandLine } from '../../../terminal/command-line.ts';
import { broken, type Finding, ok, warning } from '../../../terminal/finding.ts';
import { check } from '../../check.ts';

/** The webhook as the API server has it. */
export interface Registered {
  name: string;
  /** When it was registered. */
  since: Date;
  /** When it was last written, by whomever. */
  changed: Date;
  entries: V1MutatingWebhook[];
  /** Where the API server calls: that of the first entry. */
  clientConfig: ClientConfig;
  /** Who but deploy wrote it last, by the name in its managedFields: `cert-manager-cainjector`. */
  lastWriter: string | undefined;
  /** The Certificate that cainjector takes the caBundle from, `namespace/name`. */
  caFrom: string | undefined;
  /** The other webhook configurations of the cluster. */
  others: V1MutatingWebhookConfiguration[];
}

/** The webhook configuration: one place that the API server calls. */
export const webhook = check('webhook', 'Webhook', [], async ({ api, installation }) => {
  const { name } = installation;
  const all = await list<V1MutatingWebhookConfiguration>(api, webhookConfigurations);
  const configuration = all.find(({ metadata }) => metadata?.name === name);
  const entries = configuration?.webhooks ?? [];
  const [first] = entries;
  if (!configuration || !first) {
    const text = `MutatingWebhookConfiguration ${name} ${configuration ? 'has no webhooks entry' : 'not found'}`;
    return { findings: [broken(`${text}: the API server does not call the function`, commandLine('deploy'))] };
  }
  const found: Registered = {
    name,
    since: new Date(configuration.metadata?.creationTimestamp ?? 0),
    changed: new Date(Math.max(...(configuration.metadata?.managedFields ?? []).map(timeOf), 0)),
    entries,
    clientConfig: first.clientConfig,
    lastWriter: lastWriterOf(configuration),
    caFrom: configuration.metadata?.annotations?.['cert-manager.io/inject-ca-from'],
    others: all.filter((other) => other !== configuration),
  };
  return { findings: [placeFinding(found, installation)], found };
});

/** The host that the API server calls: what the certificate must name. */
export function hostOf({ url, service }: ClientConfig): string {
  return url === undefined ? `${service?.name}.${service?.namespace}.svc` : new URL(url).hostname;
}

/** Whether a host is the cluster-local one of the function, whatever the cluster's domain. */
export function isClusterLocal({ url }: ClientConfig, { name, namespace }: Installation): boolean {
  return url !== undefined && new URL(url).hostname.startsWith(`${name}.${namespace}.svc.`);
}

/** Whether it is neither the function's cluster-local host nor a Service: nothing is known of what is there. */
export function isElsewhere(clientConfig: ClientConfig, installation: Installation): boolean {
  return !clientConfig.service && !isClusterLocal(clientConfig, installation);
}

function placeFinding({ name, entries, clientConfig }: Registered, installation: Installation): Finding {
  const place = placeOf(clientConfig);
  const stray = entries.find((entry) => !isDeepStrictEqual(placeOf(entry.clientConfig), place));
  if (stray) {
    const text = `entry ${stray.name} calls ${placeOf(stray.clientConfig)}, but the first entry calls ${place}`;
    return broken(text, commandLine('deploy'));
  }
  if (!segmentsOf(clientConfig)) {
    return broken(`${name} calls ${place}, but the function serves /mutate`, commandLine('deploy'));
  }
  if (isElsewhere(clientConfig, installation)) {
    const host = `${installation.name}.${installation.namespace}`;
    const text = `${name} calls ${place}, which is not ${host}: what is behind it cannot be checked`;
    return warning(text, `${commandLine('deploy')} # or monitor its certificate yourself`);
  }
  return ok(`MutatingWebhookConfiguration ${name} calls ${place}; ${policiesOf(entries)}`);
}

/**
 * Beside deploy, which writes all that the entries have: who only takes a field away owns nothing by that, and so leaves it
 * the last in managedFields.
 */
function lastWriterOf({ metadata }: V1MutatingWebhookConfiguration): string | undefined {
  const others = (metadata?.managedFields ?? []).filter(({ manager }) => manager !== fieldManager);
  const [last] = others.sort((one, other) => timeOf(other) - timeOf(one));
  return last?.manager;
}

function timeOf({ time }: V1ManagedFieldsEntry): number {
  return new Date(time ?? 0).getTime();
}

/** Where is called, but for what is below /mutate: a caller's token, and the name of an injection. */
function placeOf({ url, service }: ClientConfig): string {
  const [root] = /^.*?\/mutate(?=\/)/.exec(url ?? service?.path ?? '/') ?? [url ?? service?.path ?? '/'];
  if (url !== undefined) return root;
  const port = service?.port && service.port !== 443 ? `:${service.port}` : '';
  return `Service ${service?.name}${port} in ${service?.namespace} at ${root}`;
}

/** `failurePolicy Ignore, sideEffects NoneOnDryRun` */
function policiesOf(entries: readonly V1MutatingWebhook[]): string {
  const values = (field: 'failurePolicy' | 'sideEffects') =>
    [...new Set(entries.map((entry) => entry[field]))].join(' or ');
  return `failurePolicy ${values('failurePolicy')}, sideEffects ${values('sideEffects')}`;
}
