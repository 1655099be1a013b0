import { join } from 'node:path';
import type { V1Deployment, V1Pod } from '@kubernetes/client-node';
import { defaultInstallation as installation } from '../../../scripts/install/installation.ts';
import { functionPods, type KnativeService, readService } from '../../../scripts/install/knative-service.ts';
import { readRegistered, webhookConfigurations } from '../../../scripts/install/registration.ts';
import { apply } from '../../../scripts/kubernetes/apply.ts';
import type { KubernetesApi } from '../../../scripts/kubernetes/client.ts';
import { notReady } from '../../../scripts/kubernetes/conditions.ts';
import { readManifest } from '../../../scripts/kubernetes/manifest.ts';
import type { KubernetesObject } from '../../../scripts/kubernetes/object.ts';
import { list, read } from '../../../scripts/kubernetes/read.ts';
import { askForFile, until } from '../cluster.ts';

const services = `/apis/serving.knative.dev/v1/namespaces/${installation.namespace}/services`;

/** Creates the objects of a file, in this namespace where they name none; what the API server warns of. */
export async function create(
  api: KubernetesApi,
  namespace: string,
  file: string,
  cleanup?: AsyncDisposableStack,
): Promise<string[]> {
  const warnings: string[] = [];
  for (const { metadata, ...object } of readManifest(join(import.meta.dirname, file))) {
    const placed = { ...object, metadata: { namespace, ...metadata } };
    const answer = await apply(api, placed, { fieldManager: 'test', force: true });
    warnings.push(...answer.warnings);
    if (!metadata.namespace || !cleanup) continue;
    cleanup.defer(async () => {
      await api.send('DELETE', `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}`);
    });
  }
  return warnings;
}

/** Does something while there is no function; it is back, and ready, afterwards. */
export async function withoutFunction(api: KubernetesApi, action: () => Promise<void>): Promise<void> {
  const service = await readService(api, installation);
  await api.send('DELETE', `${services}/${installation.name}`);
  await until('the function is gone', async () => (await functionPods(api, installation)).length === 0);
  await action();
  await api.send('POST', services, { body: asNew(service) });
  await until('a Pod is injected again', async () => {
    const { metadata } = await askForFile(api);
    const back = await readService(api, installation);
    return metadata.labels?.['hello-added'] !== undefined && back !== undefined && notReady(back) === undefined;
  });
}

/** A function as it was first created. */
function asNew(service: KnativeService | undefined): object {
  if (!service) throw new Error('there is no function');
  const { name, annotations, labels } = service.metadata as KubernetesObject['metadata'] & { annotations?: object };
  const { apiVersion, kind, spec } = service;
  return { apiVersion, kind, metadata: { name, annotations, labels }, spec };
}

/** The values of the label `app` of the Pods in a namespace. */
export async function apps(api: KubernetesApi, namespace: string): Promise<Set<string | undefined>> {
  const pods = await list<V1Pod>(api, `/api/v1/namespaces/${namespace}/pods`);
  return new Set(pods.map(({ metadata }) => metadata?.labels?.app));
}

/** Removes the webhooks entry that is named after an injection. */
export async function removeEntry(api: KubernetesApi, injection: string): Promise<void> {
  const { webhooks = [] } = (await readRegistered(api, installation)) ?? {};
  const index = webhooks.findIndex(({ name }) => name.startsWith(`${injection}.`));
  await api.send('PATCH', `${webhookConfigurations}/${installation.name}`, {
    body: [{ op: 'remove', path: `/webhooks/${index}` }],
    contentType: 'application/json-patch+json',
  });
}

/** Why the ReplicaSet of the Deployment `denied` cannot create its Pod, as the Deployment says it. */
export async function deniedWords(api: KubernetesApi, namespace: string): Promise<string | undefined> {
  const denied = await read<V1Deployment>(api, `/apis/apps/v1/namespaces/${namespace}/deployments/denied`);
  return denied?.status?.conditions?.find(({ type }) => type === 'ReplicaFailure')?.message;
}

/** What is compared of a record. */
export interface LogRecord {
  pod?: string;
  decision?: string;
  skipped?: string[];
}

/** The records that the function's Pods have logged. */
export async function readLog(api: KubernetesApi): Promise<LogRecord[]> {
  const pods = await functionPods(api, installation);
  const texts = await Promise.all(
    pods.map(({ metadata }) =>
      api.text(`/api/v1/namespaces/${installation.namespace}/pods/${metadata?.name}/log?container=function`),
    ),
  );
  const lines = texts.flatMap((text) => text.split('\n')).filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line) as LogRecord);
}
