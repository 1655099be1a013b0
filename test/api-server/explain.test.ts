import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { type ExplainedPods, explain, readKnown } from '../../scripts/explain/explain.ts';
import type { Subject } from '../../scripts/explain/subject.ts';
import { parseTarget, subjectsBy, subjectsOf } from '../../scripts/explain/target.ts';
import { defaultInstallation as installation } from '../../scripts/install/installation.ts';
import { webhookConfigurations } from '../../scripts/install/registration.ts';
import type { Answer } from '../../scripts/kubernetes/client.ts';
import { readManifest } from '../../scripts/kubernetes/manifest.ts';
import type { KubernetesObject } from '../../scripts/kubernetes/object.ts';
import { prepareNamespace } from '../../scripts/local/api-server.ts';
import { readYaml } from '../../scripts/workloads/yaml-file.ts';
import { expectAsIn, fixtures } from '../support/fixtures.ts';
import { helloInjection, helloInjectionWith, helloPod } from '../support/hello-injection.ts';
import { stageCluster } from '../support/staged-cluster.ts';
import { type Cluster, describeOnApiServer, refusal } from './cluster.ts';

interface Call {
  target?: string;
  selector?: string;
  namespace?: string;
}

const taken = {
  ...helloPod,
  spec: {
    containers: [{ name: 'app', image: 'app', volumeMounts: [{ name: 'own', mountPath: '/etc/config' }] }],
    volumes: [{ name: 'own', emptyDir: {} }],
  },
};

/**
 * Each directory of test/api-server/explain is a case: on a cluster with the webhook the objects of `state.yaml` are
 * applied (test/support/staged-cluster.ts) and `injections.yaml` is deployed; `expected.yaml` has what is said of what
 * `call.yaml` asks about.
 */
describeOnApiServer('explain', (cluster) => {
  const staged = stageCluster(cluster, 'gateway-kourier');

  for (const { title, file } of fixtures('api-server/explain')) {
    it(title, async () => {
      await staged().apply(readManifest(file('state.yaml')));
      if (existsSync(file('injections.yaml'))) {
        await staged().deployInjections(readFileSync(file('injections.yaml'), 'utf8'));
      }
      expectAsIn(file('expected.yaml'), await explained(cluster, readYaml(file('call.yaml')) as Call));
    });
  }

  it('fixes the overlay of an installation that kubectl applies', async () => {
    const directory = 'test/api-server/explain/no entry covers the injection';
    await staged().apply(readManifest(`${directory}/state.yaml`));
    await staged().deployInjections(readFileSync(`${directory}/injections.yaml`, 'utf8'));
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{}' };
    await staged().apply([
      {
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'MutatingWebhookConfiguration',
        metadata: { name: 'hello-webhook', annotations },
      },
    ]);
    const { output } = await cluster.run('explain', 'pod/app', '-n', 'team-a');
    expect(output).to.contain('no entry covers injection late').and.contain('kubectl apply -k DIRECTORY');
  });

  it('prints a line for each injection, or JSON, and exits with 1 where something is broken', async () => {
    await staged().apply(readManifest('test/api-server/explain/the ConfigMap is missing where the Pod is/state.yaml'));
    const { status, output } = await cluster.run('explain', 'pod/app', '-n', 'team-a');
    expect(status).to.equal(1);
    const [title, line] = output.split('\n');
    expect(title).to.equal('1 Pod: app');
    expect(line).to.equal(
      '✗ hello              injected into app: /etc/config; ConfigMap hello-configmap not found in team-a: Pods there wait for it',
    );
    const { pods } = JSON.parse(
      (await cluster.run('explain', '-l', 'hello=true', '-n', 'team-a', '-o', 'json')).output,
    );
    expect(pods).to.deep.equal(await explained(cluster, { selector: 'hello=true' }));
    await staged().apply([{ ...calling('https://127.0.0.1:1/mutate'), $patch: 'delete' }]);
    const unregistered = JSON.parse((await cluster.run('explain', 'pod/app', '-n', 'team-a', '-o', 'json')).output);
    expect(unregistered.webhook).to.deep.equal([
      {
        id: 'webhook',
        title: 'Webhook',
        status: 'broken',
        text: 'MutatingWebhookConfiguration hello-webhook not found: the API server does not call the function',
        fix: 'npm run deploy',
      },
    ]);
    const missing = await cluster.run('explain', 'deployment/none', '-n', 'team-a');
    expect(missing).to.deep.equal({ status: 1, output: 'Deployment none not found in team-a' });
    expect(await cluster.run('explain', 'pod/app', '-n', 'team-a', '--injection', 'helo')).to.deep.equal({
      status: 1,
      output: 'injection helo not found: the function has hello',
    });
    for (const args of [[], ['shop'], ['pod/app', '-l', 'app=shop']]) {
      expect((await cluster.run('explain', ...args)).status).to.equal(2);
    }
  });

  it('prints one line without a fix for what a Pod has no label of, unless that is asked for', async () => {
    const place = 'test/api-server/explain/all of it is there';
    await staged().apply(readManifest(`${place}/state.yaml`));
    await staged().deployInjections(readFileSync(`${place}/injections.yaml`, 'utf8'));
    const all = await cluster.run('explain', 'pod/app', '-n', 'team-a');
    expect(all.status).to.equal(0);
    expect(all.output.split('\n').map((line) => line.trim())).to.deep.equal([
      '1 Pod: app',
      '✓ hello              injected into migrate, app: /etc/config',
      '- unmeant            not selected: label unmeant must be "true", and is not set',
      '- far                not selected: namespace team-a is none of namespaces.include; label far must be "true", and is not set',
      '! other              not selected: namespace team-a is none of namespaces.include',
      '# change namespaces of the injection, then:',
      'npm run deploy -- --injections FILE',
    ]);
    const { output } = await cluster.run('explain', 'pod/app', '-n', 'team-a', '--injection', 'unmeant');
    expect(
      output
        .split('\n')
        .slice(1)
        .map((line) => line.trim()),
    ).to.deep.equal([
      '- unmeant            not selected: label unmeant must be "true", and is not set',
      '# change its manifest by {"metadata":{"labels":{"unmeant":"true"}}}, then:',
      'kubectl -n team-a delete pod app # and create it again',
    ]);
  });

  it('says of a Pod that the API server did not call the function, where it could not and failurePolicy Ignore hides it', async () => {
    await staged().apply([calling('https://127.0.0.1:1/mutate')]);
    await prepareNamespace(cluster.api, 'down');
    const { object } = await cluster.createPod('down', helloPod);
    expect(object.metadata.labels).to.deep.equal({ hello: 'true' });
    expect(await textsOf(cluster, 'pod/app', 'down')).to.deep.equal([
      'not injected: created while the API server did not call the function, or could not reach it',
    ]);
    await staged().deployInjections(helloInjectionWith({ onConflict: 'deny' }));
    await prepareNamespace(cluster.api, 'down-in-the-way');
    await cluster.createPod('down-in-the-way', taken);
    expect(await textsOf(cluster, 'pod/app', 'down-in-the-way')).to.deep.equal([
      'not injected: created while the API server did not call the function, or could not reach it; created again, it would be denied: container app: /etc/config is taken by volume own',
    ]);
  });

  it('says of a Pod that it is older than the injections', async () => {
    await staged().apply([calling('https://127.0.0.1:1/mutate')]);
    await prepareNamespace(cluster.api, 'earlier');
    await passSecondOf(await cluster.createPod('earlier', helloPod));
    await staged().deployInjections(helloInjectionWith({ labels: { 'hello-added': 'again' } }));
    expect(await textsOf(cluster, 'pod/app', 'earlier')).to.deep.equal([
      'not injected: created before these injections were deployed',
    ]);
  });

  it('says of a Pod that it is older than the webhook', async () => {
    const { object: configuration } = await cluster.api.send('GET', `${webhookConfigurations}/hello-webhook`);
    await cluster.api.send('DELETE', `${webhookConfigurations}/hello-webhook`);
    await prepareNamespace(cluster.api, 'early');
    await passSecondOf(await cluster.createPod('early', helloPod));
    const { name, annotations } = configuration.metadata;
    await cluster.api.send('POST', webhookConfigurations, {
      body: { ...configuration, metadata: { name, annotations } },
    });
    expect(await textsOf(cluster, 'pod/app', 'early')).to.deep.equal([
      'not injected: created before the webhook was registered',
    ]);
  });

  it('has the very words of the warning, the log, the audit and the annotation of what is skipped or denied', async () => {
    await staged().apply([calling('https://127.0.0.1:1/mutate')]);
    const server = await cluster.startFunction(helloInjection);
    const namespace = await cluster.namespaceWith(server, helloInjection);
    const { object, warnings } = await cluster.createPod(namespace, taken);
    const [text = ''] = await textsOf(cluster, 'pod/app', namespace);
    expect(text).to.equal('skipped: container app: /etc/config is taken by volume own');
    const words = text.replace('skipped: ', 'hello: ');
    expect(warnings).to.deep.equal([words]);
    const annotations = object.metadata.annotations as Record<string, string>;
    expect(annotations['hello-webhook/skipped']).to.equal(words);
    expect(await cluster.auditAnnotations(namespace, 'skipped')).to.include({ skipped: words });
    const [record] = await server.records(({ decision }) => decision === 'skipped');
    expect(record?.skipped).to.deep.equal([words]);

    const denying = helloInjectionWith({ onConflict: 'deny' });
    const strict = await cluster.namespaceWith(await cluster.startFunction(denying), denying);
    const { message } = await refusal(cluster.createPod(strict, taken));
    expect(message).to.contain(`denied the request: ${words}`);
  });
});

/** The webhook configuration with its entry calling another place. */
function calling(url: string): KubernetesObject {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: 'hello-webhook' },
    webhooks: [{ name: 'hello.hello-webhook.hello-system.svc', clientConfig: { service: null, url } }],
  };
}

/** Waits for the second after an object's creation: such times have whole ones. */
async function passSecondOf({ object }: Answer): Promise<void> {
  const second = Number(new Date(object.metadata.creationTimestamp as string)) + 1000;
  while (Date.now() < second) await delay(50);
}

async function explained(cluster: Cluster, { target, selector, namespace = 'team-a' }: Call): Promise<ExplainedPods[]> {
  const { api } = cluster;
  const object = parseTarget(target ?? '');
  const subjects: Subject[] = object
    ? await subjectsOf(api, { ...object, metadata: { ...object.metadata, namespace } })
    : await subjectsBy(api, namespace, selector ?? '');
  const context = { api, installation };
  return explain(context, subjects, namespace, await readKnown(context));
}

async function textsOf(cluster: Cluster, target: string, namespace: string): Promise<string[]> {
  const pods = await explained(cluster, { target, namespace });
  return pods.flatMap(({ explanations }) => explanations.map(({ text }) => text));
}
