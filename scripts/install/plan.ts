import { readFile } from 'node:fs/promises';
import type { V1MutatingWebhookConfiguration } from '@kubernetes/client-node';
import { parseInjections } from '../../function/injections/load.ts';
import type { KubernetesApi } from '../kubernetes/client.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { list, read } from '../kubernetes/read.ts';
import { UsageError } from '../terminal/exit-status.ts';
import { callerTokensSecret, readCallerTokens } from './caller-tokens.ts';
import { configMapOf } from './deployed-injections.ts';
import { type Installation, isOurs } from './installation.ts';
import { isAlwaysWarm, type KnativeService, readService, readsCallerTokens } from './knative-service.ts';
import { optionalComponents, type Wanted } from './overlay.ts';
import { readRegistered } from './registration.ts';
import { releasedImage } from './released-image.ts';
import { type Rotation, rotationOf } from './rotation.ts';

/** What a command line says of an installation; what it leaves out stays as it is in the cluster. */
export interface Given {
  image?: string | undefined;
  /** A file. */
  injections?: string | undefined;
  ensure?: boolean | undefined;
  sync?: boolean | undefined;
  failClosed?: boolean | undefined;
  alwaysWarm?: boolean | undefined;
  networkPolicy?: boolean | undefined;
  /** Where the gateway's Pods are, unless they are where the manifests have them. */
  gatewayNamespace?: string | undefined;
  /** Whether the API server is to call with a new token. */
  rotateToken?: boolean | undefined;
}

/** What is to be installed, but for the way in which it is reached. */
export interface Plan extends Omit<Wanted, 'reach'> {
  /** How the caller's token comes to be served; none where the Secret is not ours to change. */
  rotation?: Rotation;
}

/**
 * What to install: what is given, and for the rest what is installed. Throws where the names are of another installation,
 * where the injections are invalid, and where func or kn made the function and have to change it; a UsageError where
 * there is no function yet and no image for one.
 */
export async function plan(api: KubernetesApi, installation: Installation, given: Given): Promise<Plan> {
  const registered = await readRegistered(api, installation);
  await refuseSharedNamespace(api, installation);
  const service = await readService(api, installation);
  const image = given.image ?? imageOf(service, installation) ?? (service ? undefined : releasedImage);
  if (image === undefined) refuseWithoutImage(installation, given, service);
  const injections = await injectionsText(api, installation, service, given.injections);
  const choices = {
    ensure: given.ensure ?? (!service || (await hasPermissions(api, installation, 'ensure'))),
    sync: given.sync ?? (await hasPermissions(api, installation, 'sync')),
    'fail-closed': given.failClosed ?? isFailClosed(registered),
    'always-warm': given.alwaysWarm ?? isAlwaysWarm(service),
    'network-policy': given.networkPolicy ?? (await hasNetworkPolicy(api, installation)),
    // For render alone.
    monitoring: false,
  };
  const components = optionalComponents.filter((component) => choices[component]);
  const { gatewayNamespace } = given;
  return {
    ...installation,
    image,
    components,
    ...(await callerToken(api, installation, { registered, service, isOurs: image !== undefined, ...given })),
    ...(gatewayNamespace !== undefined && { gatewayNamespace }),
    ...(injections !== undefined && { injections }),
  };
}

function refuseWithoutImage(
  { name, namespace }: Installation,
  given: Given,
  service: KnativeService | undefined,
): void {
  if (!service) throw new UsageError(`there is no function ${name} in ${namespace} yet: give --image IMAGE`);
  if (given.injections === undefined && given.alwaysWarm === undefined && !given.rotateToken) return;
  throw new Error(
    `Knative Service ${name} was made by func or kn, which have to change it: ConfigMap hello-webhook-injections and a new revision instead of --injections, its scale instead of --always-warm, Secret ${callerTokensSecret.name} instead of --rotate-token`,
  );
}

/**
 * One namespace holds one installation: they would share certificates and the sources of copies. What it holds says so:
 * each installation has a ServiceAccount; the namespace's own labels may be of anybody, or of one that has gone.
 */
async function refuseSharedNamespace(api: KubernetesApi, installation: Installation): Promise<void> {
  const { namespace } = installation;
  const query = `labelSelector=${encodeURIComponent('app.kubernetes.io/part-of=hello-webhook')}`;
  const accounts = await list(api, `/api/v1/namespaces/${namespace}/serviceaccounts?${query}`);
  const other = accounts.find((account) => !isOurs(account, installation));
  if (!other) return;
  const { 'app.kubernetes.io/instance': instance } = other.metadata.labels ?? {};
  throw new Error(`namespace ${namespace} is ${instance}'s: give another --namespace, or its --name`);
}

/** The image of an earlier deployment; none of a function that func or kn made. */
function imageOf(service: KnativeService | undefined, installation: Installation): string | undefined {
  return service && isOurs(service, installation) ? service.spec.template.spec.containers[0]?.image : undefined;
}

/** What the API server is to call with: a function of func or kn serves whom its Secret says, whoever made that. */
async function callerToken(
  api: KubernetesApi,
  installation: Installation,
  { registered, service, isOurs, rotateToken = false }: Deployed & Pick<Given, 'rotateToken'>,
): Promise<Pick<Plan, 'callerToken' | 'rotation'>> {
  const held = await readCallerTokens(api, installation);
  if (isOurs) {
    const called = (registered?.webhooks ?? []).map(({ clientConfig }) => clientConfig);
    const rotation = rotationOf(held, called, { isNew: rotateToken });
    return { callerToken: rotation.token, rotation };
  }
  const [first] = service && readsCallerTokens(service.spec.template.spec) ? (held?.tokens ?? []) : [];
  return first === undefined ? {} : { callerToken: first };
}

interface Deployed {
  registered: V1MutatingWebhookConfiguration | undefined;
  service: KnativeService | undefined;
  /** Whether the function is, or becomes, that of the manifests. */
  isOurs: boolean;
}

function isFailClosed(registered: V1MutatingWebhookConfiguration | undefined): boolean {
  return registered?.webhooks?.some(({ failurePolicy }) => failurePolicy === 'Fail') ?? false;
}

async function hasNetworkPolicy(api: KubernetesApi, { name, namespace }: Installation): Promise<boolean> {
  const path = `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies/${name}`;
  return (await read<KubernetesObject>(api, path)) !== undefined;
}

async function hasPermissions(
  api: KubernetesApi,
  { name }: Installation,
  component: 'ensure' | 'sync',
): Promise<boolean> {
  const path = '/apis/rbac.authorization.k8s.io/v1/clusterroles';
  return (await read<KubernetesObject>(api, `${path}/${encodeURIComponent(`${name}:${component}`)}`)) !== undefined;
}

/** The text of the injections to deploy; none where the manifests' own are to be taken. */
async function injectionsText(
  api: KubernetesApi,
  { namespace }: Installation,
  service: KnativeService | undefined,
  file: string | undefined,
): Promise<string | undefined> {
  if (file !== undefined) {
    const text = await readFile(file, 'utf8');
    parseInjections(text, file);
    return text;
  }
  const name = service && configMapOf(service.spec.template.spec);
  if (name === undefined) return undefined;
  const path = `/api/v1/namespaces/${namespace}/configmaps/${name}`;
  return (await read<{ data?: Record<string, string> }>(api, path))?.data?.['injections.yaml'];
}
