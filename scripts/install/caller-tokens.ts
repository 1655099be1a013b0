import type { AdmissionregistrationV1WebhookClientConfig as ClientConfig, V1Secret } from '@kubernetes/client-node';
import { type CallerTokens, formatCallerTokens, parseCallerTokens } from '../../function/http/caller-tokens.ts';
import type { KubernetesApi } from '../kubernetes/client.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { read } from '../kubernetes/read.ts';
import { type Installation, instanceLabels } from './installation.ts';

/** The Secret with the tokens of the function's callers, and its key: the manifests mount it, where it is there. */
export const callerTokensSecret = { name: 'hello-webhook-caller-tokens', key: 'tokens' };

/** The Secret in an installation's namespace, whoever made it; undefined where there is none. */
export function readCallerTokensSecret(
  api: KubernetesApi,
  { namespace }: Installation,
): Promise<(KubernetesObject & V1Secret) | undefined> {
  return read(api, `/api/v1/namespaces/${namespace}/secrets/${callerTokensSecret.name}`);
}

/** The text that it holds for the function; undefined where it is not there, or without its key. */
export async function readCallerTokensText(
  api: KubernetesApi,
  installation: Installation,
): Promise<string | undefined> {
  const value = (await readCallerTokensSecret(api, installation))?.data?.[callerTokensSecret.key];
  return value === undefined ? undefined : Buffer.from(value, 'base64').toString('utf8');
}

/** The tokens of an installation's callers; undefined where there are none. Throws where the Secret holds something else. */
export async function readCallerTokens(
  api: KubernetesApi,
  installation: Installation,
): Promise<CallerTokens | undefined> {
  const text = await readCallerTokensText(api, installation);
  if (text === undefined) return undefined;
  const { name, key } = callerTokensSecret;
  const tokens = parseCallerTokens(text);
  if (!tokens)
    throw new Error(`${key} of Secret ${name} in ${installation.namespace} must hold tokens: delete it, or correct it`);
  return tokens;
}

/** The Secret that holds these tokens. */
export function callerTokensSecretOf(installation: Installation, tokens: CallerTokens): KubernetesObject {
  const { name, key } = callerTokensSecret;
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: installation.namespace, labels: instanceLabels(installation) },
    type: 'Opaque',
    data: { [key]: Buffer.from(formatCallerTokens(tokens)).toString('base64') },
  };
}

/** What an API server calls below /mutate, by segments; undefined where it calls something else. */
export function segmentsOf({ url, service }: ClientConfig): string[] | undefined {
  const path = service ? (service.path ?? '/') : new URL(url ?? '').pathname;
  const [, root, ...segments] = path.split('/');
  return root === 'mutate' ? segments : undefined;
}
