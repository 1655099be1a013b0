import { readFile } from 'node:fs/promises';
import type { V1MutatingWebhookConfiguration } from '@kubernetes/client-node';
import { parseInjections } from '../../function/injections/load.ts';
import type { KubernetesApi } from '../kubernetes/client.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { read } from '../kubernetes/read.ts';
import { UsageError } from '../terminal/exit-status.ts';
import { type Installation, instanceOf, isOurs } from './installation.ts';
import { type KnativeService, readService } from './knative-service.ts';
import { readRegistered } from './registration.ts';
import type { Wanted } from './render.ts';

/** What a command line says of a deployment; what it leaves out stays as it is in the cluster. */
export interface Given {
  image?: string | undefined;
  /** A file. */
  injections?: string | undefined;
  ensure?: boolean | undefined;
  failClosed?: boolean | undefined;
  alwaysWarm?: boolean | undefined;
}

/**
 * What to deploy: what is given, and for the rest what is deployed. Throws where the names are somebody else's, where
 * there is no function yet and no image for one, where the injections are bad, and where func or kn made the function
 * and would have to be the ones to change it.
 */
export async function readWanted(
  api: KubernetesApi,
  installation: Installation,
  given: Given,
): Promise<Omit<Wanted, 'reach'>> {
  const { name } = installation;
  const registered = await readRegistered(api, installation);
  await refuseNeighbours(api, installation);
  const service = await readService(api, installation);
  const image = given.image ?? imageOf(service, installation);
  if (image === undefined) refuseWithoutImage(installation, given, service);
  const injections = await injectionsText(api, installation, service, given.injections);
  const choices = {
    ensure: given.ensure ?? (!service || (await hasRights(api, name))),
    'fail-closed': given.failClosed ?? isFailClosed(registered),
    'always-warm': given.alwaysWarm ?? isAlwaysWarm(service),
  };
  const components = (['ensure', 'fail-closed', 'always-warm'] as const).filter((component) => choices[component]);
  return { ...installation, image, ...(injections !== undefined && { injections }), components };
}

function refuseWithoutImage(
  { name, namespace }: Installation,
  given: Given,
  service: KnativeService | undefined,
): void {
  if (!service) throw new UsageError(`there is no function ${name} in ${namespace} yet: give --image IMAGE`);
  if (given.injections === undefined && given.alwaysWarm === undefined) return;
  throw new Error(
    `Knative Service ${name} was made by func or kn, which have to change it: ConfigMap hello-webhook-injections and a new revision instead of --injections, its scale instead of --always-warm`,
  );
}

/** One namespace holds one installation: they would share certificates and the sources of copies. */
async function refuseNeighbours(api: KubernetesApi, installation: Installation): Promise<void> {
  const { namespace } = installation;
  const there = await read(api, `/api/v1/namespaces/${namespace}`);
  const { 'app.kubernetes.io/part-of': product, 'app.kubernetes.io/instance': instance } = there?.metadata.labels ?? {};
  if (product !== 'hello-webhook' || instance === instanceOf(installation)) return;
  throw new Error(`namespace ${namespace} is ${instance}'s: give another --namespace, or its --name`);
}

/** The image of an earlier deployment; none of a function that func or kn made. */
function imageOf(service: KnativeService | undefined, installation: Installation): string | undefined {
  return service && isOurs(service, installation) ? service.spec.template.spec.containers[0]?.image : undefined;
}

function isFailClosed(registered: V1MutatingWebhookConfiguration | undefined): boolean {
  return registered?.webhooks?.some(({ failurePolicy }) => failurePolicy === 'Fail') ?? false;
}

/** Whether one function always runs, as the component always-warm has it. */
export function isAlwaysWarm(service: KnativeService | undefined): boolean {
  return Number(service?.spec.template.metadata?.annotations?.['autoscaling.knative.dev/min-scale'] ?? 0) > 0;
}

async function hasRights(api: KubernetesApi, name: string): Promise<boolean> {
  const path = '/apis/rbac.authorization.k8s.io/v1/clusterroles';
  return (await read<KubernetesObject>(api, `${path}/${encodeURIComponent(`${name}:ensure`)}`)) !== undefined;
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
  const name = service?.spec.template.spec.volumes?.find(({ configMap }) => configMap)?.configMap?.name;
  if (name === undefined) return undefined;
  const path = `/api/v1/namespaces/${namespace}/configmaps/${name}`;
  return (await read<{ data?: Record<string, string> }>(api, path))?.data?.['injections.yaml'];
}
