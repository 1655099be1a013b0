import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { V1Deployment, V1Pod } from '@kubernetes/client-node';
import { expect } from 'chai';
import { skippedAnnotation } from '../../function/review/injection.ts';
import { defaultInstallation as installation } from '../../scripts/install/installation.ts';
import { functionPods, type KnativeService, readService } from '../../scripts/install/knative-service.ts';
import { readRegistered, webhookConfigurations } from '../../scripts/install/registration.ts';
import { apply } from '../../scripts/kubernetes/apply.ts';
import type { KubernetesApi } from '../../scripts/kubernetes/client.ts';
import { notReady } from '../../scripts/kubernetes/conditions.ts';
import { readManifest } from '../../scripts/kubernetes/manifest.ts';
import type { KubernetesObject } from '../../scripts/kubernetes/object.ts';
import { list, read } from '../../scripts/kubernetes/read.ts';
import { readYaml, writeYaml } from '../../scripts/workloads/yaml-file.ts';
import { askForFile, describeOnCluster, image, newNamespace, run, succeed, until } from './cluster.ts';

const place = (file: string) => join(import.meta.dirname, 'explain', file);
const services = `/apis/serving.knative.dev/v1/namespaces/${installation.namespace}/services`;

interface Cause {
  cause: string;
  target: string;
  namespace?: string;
  injection: string;
  output?: string;
}

const causes = readYaml(place('causes.yaml')) as Cause[];

/**
 * All causes are staged at once on one installation, in Pods that the cluster's own controllers have created; then
 * test/e2e/explain/causes.yaml has what is said of each.
 */
describeOnCluster(
  'explain, on a cluster',
  (api) => {
    const cleanup = new AsyncDisposableStack();
    let namespace = '';
    let warnings: string[] = [];
    let records: LogRecord[] = [];
    let whileDown = '';

    before(async () => {
      cleanup.defer(async () => {
        await succeed('undeploy', '--all-copies');
      });
      namespace = await newNamespace(api(), cleanup);
      await create(api(), namespace, 'before the webhook.yaml');
      await api().send('POST', '/api/v1/namespaces', { body: { metadata: { name: installation.namespace } } });
      cleanup.defer(async () => {
        await api().send('DELETE', `/api/v1/namespaces/${installation.namespace}/configmaps/company-ca`);
      });
      await create(api(), installation.namespace, 'source.yaml');
      await succeed('deploy', '--image', image, '--injections', place('injections.yaml'), '--no-cold');
      await withoutFunction(api(), async () => {
        await create(api(), namespace, 'while the function is down.yaml');
        await until('its Pod is there', async () => (await apps(api(), namespace)).has('unlucky'));
        whileDown = await explain({ target: 'deployment/unlucky', injection: 'hello' });
      });
      await removeEntry(api(), 'late');
      warnings = await create(api(), namespace, 'with the webhook.yaml', cleanup);
      await kubectl('-n', namespace, 'create', 'job', 'nightly-1', '--from=cronjob/nightly');
      await until('all Pods are there', async () => (await apps(api(), namespace)).size === 12);
      await until('one was denied', async () => (await deniedWords(api(), namespace)) !== undefined);
      await until('the log has both', async () => {
        records = await readLog(api());
        return ['skipped', 'denied'].every((decision) => records.some((record) => record.decision === decision));
      });
      await create(api(), installation.namespace, 'newer source.yaml');
    });
    after(async () => {
      if (process.env.UPDATE_FIXTURES && !process.env.CI) writeYaml(place('causes.yaml'), causes);
      await cleanup.disposeAsync();
    });

    async function explain({ target, namespace: where = namespace, injection }: Omit<Cause, 'cause'>): Promise<string> {
      const { output } = await run('explain', target, '-n', where, '--injection', injection);
      return output
        .replaceAll(namespace, 'team-a')
        .replaceAll(/\b(good|labelled|unlucky|early|waiting|stale)-[a-z0-9]+-[a-z0-9]{5}\b/g, '$1-…')
        .replaceAll(/\b(late|nightly-1|agent)-[a-z0-9]{5}\b/g, '$1-…');
    }

    for (const cause of causes) {
      it(cause.cause, async () => {
        const output = `${await explain(cause)}\n`;
        if (process.env.UPDATE_FIXTURES && !process.env.CI) cause.output = output;
        expect(output).to.equal(cause.output);
      });
    }

    it('says that the function is gone, while it is', () => {
      expect(whileDown.split('\n').map((line) => line.trim())).to.deep.equal([
        'the injections of the webhook are not known:',
        '✗ Knative Service    Knative Service hello-webhook not found in hello-system',
        'npm run deploy -- --image IMAGE',
      ]);
    });

    it('has the words of the warning, the log and the annotation of what is skipped', async () => {
      const words = 'hello: container app: /etc/config is taken by volume own';
      const pod = await read<V1Pod>(api(), `/api/v1/namespaces/${namespace}/pods/taken`);
      expect(warnings).to.deep.equal([words]);
      expect(pod?.metadata?.annotations?.[skippedAnnotation]).to.equal(words);
      expect(records.find((record) => record.pod === 'taken')?.skipped).to.deep.equal([words]);
      expect(await explain({ target: 'pod/taken', injection: 'hello' })).to.contain(
        words.replace('hello: ', 'skipped: '),
      );
    });

    it('has the words of the refusal, which the Deployment shows, and of the log, of what is denied', async () => {
      const words = 'strict: container app: /etc/strict is taken by volume own';
      expect(await deniedWords(api(), namespace)).to.contain(`denied the request: ${words}`);
      expect(records.find(({ decision }) => decision === 'denied')?.skipped).to.deep.equal([words]);
      expect(await explain({ target: 'deployment/denied', injection: 'strict' })).to.contain(
        words.replace('strict: ', 'denied: '),
      );
    });
  },
  { isBare: true },
);

/** Creates the objects of a file, in this namespace where they name none; what the API server warns of. */
async function create(
  api: KubernetesApi,
  namespace: string,
  file: string,
  cleanup?: AsyncDisposableStack,
): Promise<string[]> {
  const warnings: string[] = [];
  for (const { metadata, ...object } of readManifest(place(file))) {
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
async function withoutFunction(api: KubernetesApi, action: () => Promise<void>): Promise<void> {
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
async function apps(api: KubernetesApi, namespace: string): Promise<Set<string | undefined>> {
  const pods = await list<V1Pod>(api, `/api/v1/namespaces/${namespace}/pods`);
  return new Set(pods.map(({ metadata }) => metadata?.labels?.app));
}

async function removeEntry(api: KubernetesApi, injection: string): Promise<void> {
  const { webhooks = [] } = (await readRegistered(api, installation)) ?? {};
  const index = webhooks.findIndex(({ name }) => name.startsWith(`${injection}.`));
  await api.send('PATCH', `${webhookConfigurations}/${installation.name}`, {
    body: [{ op: 'remove', path: `/webhooks/${index}` }],
    contentType: 'application/json-patch+json',
  });
}

/** Why the ReplicaSet of the Deployment `denied` cannot create its Pod, as the Deployment says it. */
async function deniedWords(api: KubernetesApi, namespace: string): Promise<string | undefined> {
  const denied = await read<V1Deployment>(api, `/apis/apps/v1/namespaces/${namespace}/deployments/denied`);
  return denied?.status?.conditions?.find(({ type }) => type === 'ReplicaFailure')?.message;
}

interface LogRecord {
  pod?: string;
  decision?: string;
  skipped?: string[];
}

/** The records that the function's Pods have logged. */
async function readLog(api: KubernetesApi): Promise<LogRecord[]> {
  const pods = await functionPods(api, installation);
  const texts = await Promise.all(
    pods.map(({ metadata }) =>
      api.text(`/api/v1/namespaces/${installation.namespace}/pods/${metadata?.name}/log?container=function`),
    ),
  );
  const lines = texts.flatMap((text) => text.split('\n')).filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line) as LogRecord);
}

function kubectl(...args: string[]): Promise<unknown> {
  return promisify(execFile)('kubectl', args);
}
