import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { V1Pod } from '@kubernetes/client-node';
import { expect } from 'chai';
import { skippedAnnotation } from '../../function/review/injection.ts';
import { type Explanation, explain, readKnown } from '../../scripts/explain/explain.ts';
import { parseTarget, subjectsOf } from '../../scripts/explain/target.ts';
import { defaultInstallation as installation } from '../../scripts/install/installation.ts';
import type { KubernetesApi } from '../../scripts/kubernetes/client.ts';
import { read } from '../../scripts/kubernetes/read.ts';
import { readYaml, writeYaml } from '../../scripts/workloads/yaml-file.ts';
import { describeOnCluster, image, newNamespace, run, succeed, until } from './cluster.ts';
import { apps, create, deniedWords, type LogRecord, readLog, removeEntry, withoutFunction } from './explain/stage.ts';

const execute = promisify(execFile);
const place = (file: string) => join(import.meta.dirname, 'explain', file);

interface Cause {
  cause: string;
  target: string;
  namespace?: string;
  injection: string;
  output?: string;
}

const causes = readYaml(place('causes.yaml')) as Cause[];

/** Those whose fix is commands alone that end soon: `npm run deploy` would wait until the function is scaled to zero. */
const fixable = new Set([
  'label on the Deployment',
  'namespace not labelled',
  'opted out',
  'function down under Ignore',
  'created before the webhook',
  'stale copy',
]);

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
        whileDown = await printed({ target: 'deployment/unlucky', injection: 'hello' });
      });
      await removeEntry(api(), 'late');
      warnings = await create(api(), namespace, 'with the webhook.yaml', cleanup);
      await execute('kubectl', ['-n', namespace, 'create', 'job', 'nightly-1', '--from=cronjob/nightly']);
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

    async function printed({ target, namespace: where = namespace, injection }: Omit<Cause, 'cause'>): Promise<string> {
      const { output } = await run('explain', target, '-n', where, '--injection', injection);
      return output
        .replaceAll(namespace, 'team-a')
        .replaceAll(/\b(good|labelled|unlucky|early|waiting|stale)-[a-z0-9]+-[a-z0-9]{5}\b/g, '$1-…')
        .replaceAll(/\b(late|nightly-1|agent)-[a-z0-9]{5}\b/g, '$1-…');
    }

    for (const cause of causes) {
      it(cause.cause, async () => {
        const output = `${await printed(cause)}\n`;
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
      expect(await printed({ target: 'pod/taken', injection: 'hello' })).to.contain(
        words.replace('hello: ', 'skipped: '),
      );
    });

    it('has the words of the refusal, which the Deployment shows, and of the log, of what is denied', async () => {
      const words = 'strict: container app: /etc/strict is taken by volume own';
      expect(await deniedWords(api(), namespace)).to.contain(`denied the request: ${words}`);
      expect(records.find(({ decision }) => decision === 'denied')?.skipped).to.deep.equal([words]);
      expect(await printed({ target: 'deployment/denied', injection: 'strict' })).to.contain(
        words.replace('strict: ', 'denied: '),
      );
    });

    it('prints commands that fix it', async () => {
      const chosen = causes.filter(({ cause }) => fixable.has(cause));
      expect(chosen).to.have.length(fixable.size);
      await Promise.all(
        chosen.map(async ({ cause, target, injection }) => {
          const fixes = (await explanationsOf(api(), target, injection, namespace)).map(({ fix = '' }) => fix);
          await execute('sh', ['-c', fixes.join('\n')]);
          await until(`${cause} is fixed`, async () => {
            const found = await explanationsOf(api(), target, injection, namespace);
            return found.every(({ status, text }) => status === 'ok' && text.startsWith('injected into app'));
          });
        }),
      );
    });
  },
  { isBare: true },
);

/** What is said of an injection in the Pods of an object, those of which the same is said at once. */
async function explanationsOf(
  api: KubernetesApi,
  target: string,
  name: string,
  namespace: string,
): Promise<Explanation[]> {
  const { metadata, ...type } = parseTarget(target) ?? { metadata: { name: target }, apiVersion: '', kind: '' };
  const subjects = await subjectsOf(api, { ...type, metadata: { ...metadata, namespace } });
  const context = { api, installation };
  const pods = await explain(context, subjects, namespace, await readKnown(context));
  return pods.flatMap(({ explanations }) => explanations).filter(({ injection }) => injection === name);
}
