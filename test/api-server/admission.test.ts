import { createServer } from 'node:https';
import { json } from 'node:stream/consumers';
import type { V1Container } from '@kubernetes/client-node';
import { expect } from 'chai';
import { webhookConfiguration } from '../../scripts/install/webhook-configuration.ts';
import { collectionPath } from '../../scripts/kubernetes/discovery.ts';
import type { KubernetesObject } from '../../scripts/kubernetes/object.ts';
import { podOf } from '../../scripts/kubernetes/workload.ts';
import { createCertificateAuthority } from '../../scripts/local/certificate-authority.ts';
import type { FunctionServer } from '../../scripts/local/function-server.ts';
import { helloInjection, helloInjectionWith } from '../support/hello-injection.ts';
import { listen } from '../support/listen.ts';
import { describeOnApiServer, type Pod, refusal } from './cluster.ts';

const app: V1Container = { name: 'app', image: 'app:1' };
const labelled = { name: 'app', labels: { hello: 'true' } };
const mount = { name: 'hello-volume', readOnly: true, mountPath: '/etc/config' };
const storedVolume = { name: 'hello-volume', configMap: { name: 'hello-configmap', defaultMode: 420 } };

describeOnApiServer('on a real API server', (cluster) => {
  let server: FunctionServer;
  let namespace: string;
  before(async () => {
    server = await cluster.startFunction(helloInjection);
    namespace = await cluster.namespaceWith(server, helloInjection);
  });

  it('a bare Pod gets the volume, the mount and the label', async () => {
    const { object, warnings } = await cluster.createPod(namespace, {
      metadata: labelled,
      spec: { containers: [app] },
    });
    expectInjected(object);
    expect(warnings).to.deep.equal([]);
    expect(await cluster.auditAnnotations(namespace, 'injected')).to.include({ injected: 'hello' });
  });

  it('a Pod without the label is stored as it was sent', async () => {
    const metadata = { name: 'unlabelled' };
    const { object } = await cluster.createPod(namespace, { metadata, spec: { containers: [app] } });
    expect(object.spec?.volumes?.map(({ name }) => name)).not.to.include('hello-volume');
    expect(object.metadata.labels).to.equal(undefined);
  });

  for (const workload of workloads()) {
    it(`the Pod of a ${workload.kind} gets them`, async () => {
      const path = await collectionPath(cluster.api, { ...workload, metadata: { ...workload.metadata, namespace } });
      const { object: stored } = await cluster.api.send('POST', path, { body: workload });
      const template = podOf(stored) as Pod;
      const { apiVersion, kind, metadata } = stored;
      const owner = { apiVersion, kind, name: metadata.name, uid: metadata.uid, controller: true };
      const metadataOfPod = { ...template.metadata, ownerReferences: [owner] };
      const { object } = await cluster.createPod(namespace, { ...template, metadata: metadataOfPod });
      expect(object.metadata.name).to.match(new RegExp(`^${metadata.name}-.+`));
      expectInjected(object);
      const [record] = await server.records(({ pod }) => pod === `${metadata.name}-`);
      expect(record).to.include({ owner: `${kind}/${metadata.name}`, decision: 'injected' });
    });
  }

  it('a Pod without any labels gets them, where the selector says so', async () => {
    const unlabelled = helloInjectionWith({
      selector: { matchExpressions: [{ key: 'opt-out', operator: 'DoesNotExist' }] },
    });
    const other = await cluster.namespaceWith(await cluster.startFunction(unlabelled), unlabelled);
    const { object } = await cluster.createPod(other, { metadata: { name: 'app' }, spec: { containers: [app] } });
    expectInjected(object);
    expect(object.metadata.labels).to.deep.equal({ 'hello-added': 'OK' });
  });

  it('a Pod with neither volumes nor mounts gets them', async () => {
    const spec = { containers: [app], automountServiceAccountToken: false };
    const { object } = await cluster.createPod(namespace, { metadata: { ...labelled, name: 'no-volumes' }, spec });
    expect(object.spec?.volumes).to.deep.equal([storedVolume]);
    expect(object.spec?.containers[0]?.volumeMounts).to.deep.equal([mount]);
  });

  it('init and sidecar containers get the mount too', async () => {
    const initContainers = [
      { name: 'init', image: 'init:1' },
      { name: 'sidecar', image: 'sidecar:1', restartPolicy: 'Always' },
    ];
    const metadata = { ...labelled, name: 'init' };
    const { object } = await cluster.createPod(namespace, { metadata, spec: { initContainers, containers: [app] } });
    expectInjected(object);
    expect(object.spec?.initContainers?.[1]?.restartPolicy).to.equal('Always');
  });

  it('a dry run shows what would be stored, and stores nothing', async () => {
    const metadata = { ...labelled, name: 'dry-run' };
    const { object } = await cluster.createPod(namespace, { metadata, spec: { containers: [app] } }, '?dryRun=All');
    expectInjected(object);
    const [record] = await server.records(({ pod }) => pod === 'dry-run');
    expect(record).to.include({ dryRun: true });
    expect((await refusal(cluster.getPod(namespace, 'dry-run'))).status).to.equal(404);
  });

  it('server-side apply gets them, and applying the same again takes nothing away', async () => {
    const body = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...labelled, name: 'applied' },
      spec: { containers: [app] },
    };
    const path = `/api/v1/namespaces/${namespace}/pods/applied?fieldManager=test`;
    const apply = () => cluster.api.send<Pod>('PATCH', path, { body, contentType: 'application/apply-patch+yaml' });
    expectInjected((await apply()).object);
    expectInjected((await apply()).object);
  });

  it('a container that a later webhook adds gets the mount by reinvocation, our volume being defaulted by then', async () => {
    const other = await cluster.namespaceWith(server, helloInjection);
    await using cleanup = new AsyncDisposableStack();
    await cluster.register(other, await sidecarWebhook(cleanup, `z-${other}`));
    const { object } = await cluster.createPod(other, { metadata: labelled, spec: { containers: [app] } });
    expect(object.spec?.containers.map(({ name }) => name)).to.deep.equal(['app', 'late']);
    expectInjected(object);
    const records = await server.records(({ namespace }) => namespace === other, 2);
    expect(records.map(({ decision }) => decision)).to.deep.equal(['injected', 'injected']);
  });

  it('a new ephemeral container gets the mount, and nothing else changes', async () => {
    const metadata = { ...labelled, name: 'debugged' };
    const { object: before } = await cluster.createPod(namespace, { metadata, spec: { containers: [app] } });
    const ephemeralContainers = [{ name: 'debugger', image: 'busybox:1' }];
    const path = `/api/v1/namespaces/${namespace}/pods/debugged/ephemeralcontainers`;
    const body = { ...before, spec: { ...before.spec, ephemeralContainers } };
    const { object: after, warnings } = await cluster.api.send<Pod>('PUT', path, { body });
    expect(warnings).to.deep.equal([]);
    expect(after.spec?.ephemeralContainers?.[0]?.volumeMounts).to.deep.equal([mount]);
    expect({ ...after.spec, ephemeralContainers: undefined }).to.deep.equal({
      ...before.spec,
      ephemeralContainers: undefined,
    });
  });

  it('an ephemeral container in a Pod from before the webhook is let in, with a warning', async () => {
    const path = `/api/v1/namespaces/${namespace}/pods/from-before`;
    await cluster.createPod(namespace, { metadata: { name: 'from-before' }, spec: { containers: [app] } });
    const relabel = { body: { metadata: { labels: { hello: 'true' } } }, contentType: 'application/merge-patch+json' };
    const { object: before } = await cluster.api.send<Pod>('PATCH', path, relabel);
    const spec = { ...before.spec, ephemeralContainers: [{ name: 'debugger', image: 'busybox:1' }] };
    const { object, warnings } = await cluster.api.send<Pod>('PUT', `${path}/ephemeralcontainers`, {
      body: { ...before, spec },
    });
    expect(object.spec?.ephemeralContainers?.[0]?.volumeMounts).to.equal(undefined);
    expect(warnings).to.deep.equal([
      'hello: container debugger: /etc/config not mounted, the Pod has no volume hello-volume',
    ]);
  });

  it('a Pod that is injected already, as a backup would bring it back, is left alone', async () => {
    const metadata = { ...labelled, name: 'original' };
    const { object } = await cluster.createPod(namespace, { metadata, spec: { containers: [app] } });
    const copy = { metadata: { name: 'copy', labels: object.metadata.labels }, spec: object.spec };
    const { object: restored } = await cluster.createPod(namespace, copy);
    expectInjected(restored);
    const [record] = await server.records(({ pod }) => pod === 'copy');
    expect(record).to.include({ decision: 'unchanged', message: 'already injected' });
  });

  it('a conflict is told to the client, in the Pod and in the audit log, in the same words', async () => {
    const other = await cluster.namespaceWith(server, helloInjection);
    const taken = { ...app, volumeMounts: [{ name: 'own', mountPath: '/etc/config/' }] };
    const spec = { containers: [taken, { ...app, name: 'second' }], volumes: [{ name: 'own', emptyDir: {} }] };
    const { object, warnings } = await cluster.createPod(other, { metadata: labelled, spec });
    const text = 'hello: container app: /etc/config is taken by volume own';
    expect(warnings).to.deep.equal([text]);
    expect(object.metadata.annotations).to.deep.equal({ 'hello-webhook/skipped': text });
    expect(await cluster.auditAnnotations(other, 'skipped')).to.include({ injected: 'hello', skipped: text });
    expect(object.metadata.labels).to.deep.equal({ hello: 'true' });
    expect(object.spec?.containers[1]?.volumeMounts).to.deep.include(mount);
  });

  it('a conflict under onConflict: deny refuses the Pod, and the client is told container and path', async () => {
    const deny = helloInjectionWith({ onConflict: 'deny' });
    const other = await cluster.namespaceWith(await cluster.startFunction(deny), deny);
    const containers = [{ ...app, volumeMounts: [{ name: 'own', mountPath: '/etc', readOnly: true }] }];
    const spec = { containers, volumes: [{ name: 'own', emptyDir: {} }] };
    const { status, message } = await refusal(cluster.createPod(other, { metadata: labelled, spec }));
    expect(status).to.equal(403);
    expect(message).to.match(
      /denied the request: hello: container app: \/etc\/config is inside \/etc of volume own, which is read-only$/,
    );
  });

  it('a registration for v1beta1 alone works', async () => {
    const other = await cluster.namespaceWith(server, helloInjection, { admissionReviewVersions: ['v1beta1'] });
    const { object } = await cluster.createPod(other, { metadata: labelled, spec: { containers: [app] } });
    expectInjected(object);
  });
});

describeOnApiServer('a volume that comes back with the defaults of a real API server', (cluster) => {
  const all = Object.entries(sources()).map(([title, source], index) => ({ title, source, name: `source-${index}` }));
  let server: FunctionServer;
  let namespace: string;
  before(async () => {
    const injections = all.map(({ name, source }) => ({
      name,
      selector: { matchLabels: { source: name } },
      volume: { name, ...source },
      mount: { mountPath: '/any' },
    }));
    server = await cluster.startFunction(JSON.stringify({ injections }));
    namespace = await cluster.namespaceWith(server, JSON.stringify({ injections }));
  });

  for (const { title, name, source } of all) {
    it(`is recognised as ours: ${title}`, async function () {
      await cluster.requireSource(this, namespace, { name, ...source });
      const metadata = { name, labels: { source: name } };
      const { object } = await cluster.createPod(namespace, { metadata, spec: { containers: [app] } });
      await cluster.createPod(namespace, { metadata: { ...metadata, name: `${name}-copy` }, spec: object.spec });
      const [first] = await server.records(({ pod }) => pod === name);
      const [copied] = await server.records(({ pod }) => pod === `${name}-copy`);
      expect(first).to.include({ decision: 'injected' });
      expect(copied).to.include({ decision: 'unchanged', message: 'already injected' });
    });
  }
});

const labelSelector = { matchLabels: { hello: 'true' } };

function expectInjected({ metadata, spec }: Pod): void {
  expect(spec?.volumes?.filter(({ name }) => name === 'hello-volume')).to.deep.equal([storedVolume]);
  for (const container of [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])]) {
    const mounts = container.volumeMounts?.filter(({ mountPath }) => mountPath === '/etc/config');
    expect(mounts, container.name).to.deep.equal([mount]);
  }
  expect(metadata.labels).to.include({ 'hello-added': 'OK' });
}

function workloads(): KubernetesObject[] {
  const metadata = { labels: { hello: 'true', app: 'workload' } };
  const selector = { matchLabels: { app: 'workload' } };
  const template = { metadata, spec: { containers: [app] } };
  const once = { metadata, spec: { ...template.spec, restartPolicy: 'Never' } };
  return [
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'deployment' }, spec: { selector, template } },
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'statefulset' },
      spec: { selector, template, serviceName: 's' },
    },
    { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: 'daemonset' }, spec: { selector, template } },
    { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'job' }, spec: { template: once } },
    {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'cronjob' },
      spec: { schedule: '@daily', jobTemplate: { spec: { template: once } } },
    },
  ];
}

function sources(): Record<string, object> {
  return {
    'a secret': { secret: { secretName: 's', items: [{ key: 'a', path: 'b' }] } },
    'a projection of token, labels and files': {
      projected: {
        sources: [
          { serviceAccountToken: { path: 'token', audience: 'vault' } },
          { downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
          { configMap: { name: 'c' } },
        ],
      },
    },
    'the downward API': {
      downwardAPI: {
        items: [
          { path: 'name', fieldRef: { fieldPath: 'metadata.name' } },
          { path: 'cpu', resourceFieldRef: { containerName: 'app', resource: 'limits.cpu' } },
        ],
      },
    },
    'an image': { image: { reference: 'registry.example.com/files:1' } },
    'an empty directory with a limit': { emptyDir: { sizeLimit: '1024Mi' } },
    'the host': { hostPath: { path: '/etc/ssl' } },
    'a claim of its own': {
      ephemeral: {
        volumeClaimTemplate: {
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1024Mi' } } },
        },
      },
    },
    'a CSI driver': { csi: { driver: 'files.example.com', readOnly: true, volumeAttributes: { a: 'b' } } },
    iSCSI: { iscsi: { targetPortal: '10.0.0.1', iqn: 'iqn.2001-04.com.example:storage', lun: 0 } },
  };
}

/** A webhook of somebody else, called after ours by its name, that adds a container. */
async function sidecarWebhook(cleanup: AsyncDisposableStack, name: string) {
  const ca = await createCertificateAuthority('somebody else');
  const server = createServer(await ca.issueForLocalhost(), async (request, response) => {
    const { apiVersion, kind, request: asked } = (await json(request)) as Record<string, never> & { request: AskedFor };
    const isThere = asked.object.spec.containers.some((container) => container.name === 'late');
    const patch = [{ op: 'add', path: '/spec/containers/-', value: { name: 'late', image: 'late:1' } }];
    const changed = { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') };
    response.setHeader('Content-Type', 'application/json');
    response.end(
      JSON.stringify({ apiVersion, kind, response: { uid: asked.uid, allowed: true, ...(!isThere && changed) } }),
    );
  });
  const url = `https://127.0.0.1:${await listen(server, cleanup)}/`;
  return webhookConfiguration({ name, url, caCert: ca.cert }, [{ name: 'late', selector: labelSelector }]);
}

interface AskedFor {
  uid: string;
  object: { spec: { containers: { name: string }[] } };
}
