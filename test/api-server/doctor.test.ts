import { setTimeout as delay } from 'node:timers/promises';
import type { V1MutatingWebhook, V1MutatingWebhookConfiguration } from '@kubernetes/client-node';
import { expect } from 'chai';
import { samplesIn } from '../../scripts/doctor/checks/connection/calls.ts';
import type { Probing } from '../../scripts/doctor/checks/connection/probe.ts';
import { diagnose } from '../../scripts/doctor/run.ts';
import { apply } from '../../scripts/kubernetes/apply.ts';
import { connect, type KubernetesApi } from '../../scripts/kubernetes/client.ts';
import type { KubernetesObject } from '../../scripts/kubernetes/object.ts';
import { list } from '../../scripts/kubernetes/read.ts';
import { createCertificateAuthority } from '../../scripts/local/certificate-authority.ts';
import { startChild } from '../../scripts/local/child.ts';
import { formatFinding } from '../../scripts/terminal/finding.ts';
import { installDefinitions } from '../support/definitions.ts';
import { expiry, installation, StagedChain } from '../support/staged-chain.ts';
import { type Cluster, configurations, describeOnApiServer, helloInjection } from './cluster.ts';

const system = 'namespaces/hello-system';
const ksvc = `/apis/serving.knative.dev/v1/${system}/services/hello-webhook`;
const host = 'hello-webhook.kourier-system.svc';
const domain = `/apis/serving.knative.dev/v1beta1/${system}/domainmappings/${host}`;
const claim = `/apis/networking.internal.knative.dev/v1alpha1/clusterdomainclaims/${host}`;
const certificates = `/apis/cert-manager.io/v1/${system}/certificates`;
const gateway = '/api/v1/namespaces/kourier-system/services/hello-webhook';
const endpoints = '/apis/discovery.k8s.io/v1/namespaces/kourier-system/endpointslices/hello-webhook';
const gatewayPod = '/api/v1/namespaces/kourier-system/pods/gateway';
const webhook = `${configurations}/hello-webhook`;
const entry = 'hello.hello-webhook.hello-system.svc';
const damaged = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
const noNode = '? TLS            no port-forward to Pod gateway in kourier-system: Unexpected server response: 400';

/** A way to break the chain, and all that is said then of the links that are not as they should be. */
type Break = [title: string, act: (chain: StagedChain, cluster: Cluster) => Promise<unknown>, said: string[]];

const breaks: Break[] = [
  [
    'Knative does not run',
    (chain) => chain.patch('/apis/apps/v1/namespaces/knative-serving/deployments/controller', unavailable, '/status'),
    ['✗ knative        no Pod of controller is available', fix('kubectl -n knative-serving get pod')],
  ],
  [
    'the gateway does not run, and what comes of it',
    async (chain) => {
      await chain.patch(gatewayPod, { status: { conditions: [{ type: 'Ready', status: 'False' }] } }, '/status');
      await chain.patch(endpoints, { endpoints: [{ addresses: ['10.1.1.1'], conditions: { ready: false } }] });
    },
    [
      '✗ ingress        no Pod labelled app=3scale-kourier-gateway is ready in kourier-system, the gateway of kourier.ingress.networking.knative.dev',
      fix('kubectl -n kourier-system get pod -l app=3scale-kourier-gateway'),
      '? gateway        Service hello-webhook in kourier-system has no ready endpoint (see ingress first)',
      '? TLS            not looked at: see ingress first',
    ],
  ],
  [
    'the issuer is not there, and what comes of it',
    async (chain) => {
      await chain.remove('/apis/cert-manager.io/v1/clusterissuers/hello-webhook-issuer');
      await chain.patch(`${certificates}/hello-webhook-gateway`, notReady('Issuing', 'not issued'), '/status');
    },
    [
      '✗ issuer         ClusterIssuer hello-webhook-issuer was not found',
      fix('kubectl apply -k manifests/platform/issuer'),
      '? certificate    Certificate hello-webhook-gateway in hello-system is not ready: Issuing: not issued (see issuer first)',
    ],
  ],
  [
    'the function is not there, and what comes of it',
    (chain) => chain.remove(ksvc),
    [
      '✗ function       Knative Service hello-webhook is not there in hello-system',
      fix('npm run deploy -- --image IMAGE'),
      ...['injections', 'ensure', 'entries', 'timeouts', 'other webhooks', 'Pods', 'files'].map(
        (link) => `? ${link.padEnd(14)} not looked at: see function first`,
      ),
    ],
  ],
  [
    'the function crashes at its first start, and what comes of it',
    async (chain) => {
      await crash(chain, 'hello-webhook-00002');
      const names = { latestReadyRevisionName: null, latestCreatedRevisionName: 'hello-webhook-00002' };
      await chain.patch(ksvc, { status: { ...names, ...notReady('RevisionFailed', 'it failed').status } }, '/status');
      await chain.patch(domain, notReady('ReferenceNotResolved', 'no address'), '/status');
    },
    [
      '✗ function       revision hello-webhook-00002 is not ready: ExitCode1: Container failed with: no such file; nothing serves',
      fix('kubectl -n hello-system logs -l serving.knative.dev/revision=hello-webhook-00002 --all-containers --prefix'),
      fix('kubectl -n hello-system describe revision hello-webhook-00002'),
      `? domain         DomainMapping ${host} is not ready: ReferenceNotResolved: no address (see function first)`,
    ],
  ],
  [
    'a newer revision crashes at a bad file while the older serves',
    async (chain) => {
      const data = { 'injections.yaml': 'injections:\n  - name: hello\n    selector: {}\n    color: red\n' };
      await chain.add({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'bad', namespace: 'hello-system' },
        data,
      });
      await chain.patch(ksvc, {
        spec: { template: { spec: { volumes: [{ name: 'injections', configMap: { name: 'bad' } }] } } },
      });
      await crash(chain, 'hello-webhook-00002');
      const names = { latestCreatedRevisionName: 'hello-webhook-00002' };
      await chain.patch(ksvc, { status: { ...names, ...notReady('RevisionFailed', 'it failed').status } }, '/status');
    },
    [
      '✗ function       revision hello-webhook-00002 is not ready: ExitCode1: Container failed with: no such file; hello-webhook-00001 serves still',
      fix('kubectl -n hello-system logs -l serving.knative.dev/revision=hello-webhook-00002 --all-containers --prefix'),
      fix('kubectl -n hello-system describe revision hello-webhook-00002'),
      '✗ injections     bad/injections.yaml:2:5: injections[0].volume: is required, unless there are files or env; bad/injections.yaml:3:5: injections[0].selector: must not be empty, or it would select every Pod: give matchLabels or matchExpressions; bad/injections.yaml:4:5: injections[0].color: is not a known field (known: name, selector, namespaceSelector, namespaces, volume, files, mount, mounts, env, containers, labels, annotations, ensure, onConflict)',
      fix('mend the file: npm run check -- FILE, then npm run deploy -- --injections FILE'),
    ],
  ],
  [
    'the source of the copies is not there',
    (chain) => chain.remove(`/api/v1/${system}/configmaps/hello-configmap`),
    [
      '✗ ensure         ConfigMap hello-configmap is not there in hello-system, to be copied from',
      fix('kubectl -n hello-system create configmap hello-configmap --from-file=…'),
    ],
  ],
  [
    'the function has neither a token nor rights to copy',
    async (chain) => {
      await chain.patch(`/api/v1/${system}/serviceaccounts/hello-webhook`, { automountServiceAccountToken: false });
      await chain.removeAll('ClusterRoleBinding');
    },
    [
      '✗ ensure         the function gets no token of ServiceAccount hello-webhook (automountServiceAccountToken)',
      fix('npm run deploy, without --no-ensure'),
      '✗ ensure         ServiceAccount hello-webhook may not get, create, patch ConfigMap hello-configmap in every namespace',
      fix('npm run deploy, without --no-ensure'),
    ],
  ],
  [
    'the webhook is not registered, and what comes of it',
    (chain) => chain.remove(webhook),
    [
      '✗ webhook        MutatingWebhookConfiguration hello-webhook is not there: the API server asks nobody',
      fix('npm run deploy'),
      ...['gateway', 'domain', 'certificate', 'caBundle', 'TLS', 'calls'].map(
        (link) => `? ${link.padEnd(14)} not looked at: see webhook first`,
      ),
      ...['entries', 'platform', 'timeouts', 'other webhooks', 'Pods', 'files'].map(
        (link) => `? ${link.padEnd(14)} not looked at: see webhook first`,
      ),
    ],
  ],
  [
    'an entry calls another place',
    (chain, cluster) =>
      changeEntries(chain, cluster, (first) => [
        first,
        {
          ...first,
          name: `second.${entry}`,
          clientConfig: {
            ...first.clientConfig,
            service: { ...first.clientConfig.service, name: 'other', namespace: 'team-a' },
          },
        },
      ]),
    [
      `✗ webhook        entry second.${entry} calls Service other in team-a at /mutate, but the first one Service hello-webhook in kourier-system at /mutate`,
      fix('npm run deploy'),
    ],
  ],
  [
    'it is called at another path',
    (chain, cluster) => changeService(chain, cluster, { path: '/' }),
    [
      '✗ webhook        hello-webhook calls Service hello-webhook in kourier-system at /, but the function answers at /mutate',
      fix('npm run deploy'),
    ],
  ],
  [
    "the function's own Service is called",
    async (chain, cluster) => {
      const spec = { type: 'ExternalName', externalName: 'kourier-internal.kourier-system.svc.cluster.local' };
      await chain.add({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'hello-webhook', namespace: 'hello-system' },
        spec,
      });
      await changeService(chain, cluster, { namespace: 'hello-system' });
    },
    [
      '✗ gateway        Service hello-webhook in hello-system is an ExternalName: the API server cannot call it',
      fix('npm run deploy'),
      '✗ domain         DomainMapping hello-webhook.hello-system.svc is not there in hello-system: the gateway does not know the host',
      fix('npm run deploy'),
      '✗ certificate    no Certificate in hello-system names hello-webhook.hello-system.svc, which the API server asks for',
      fix('npm run deploy'),
      '? TLS            not looked at: see gateway first',
    ],
  ],
  [
    "the gateway's Service is not there",
    (chain) => chain.remove(gateway),
    [
      '✗ gateway        Service hello-webhook in kourier-system is not there',
      fix('npm run deploy'),
      '? TLS            not looked at: see gateway first',
    ],
  ],
  [
    "the gateway's Service has another port",
    (chain) => chain.patch(gateway, { spec: { ports: [{ name: 'https', port: 8443, targetPort: 8443 }] } }),
    [
      '✗ gateway        Service hello-webhook in kourier-system has no port 443: the API server cannot call it',
      fix('npm run deploy'),
      '? TLS            not looked at: see gateway first',
    ],
  ],
  [
    "the gateway's Service selects nothing",
    (chain) => chain.remove(endpoints),
    [
      '✗ gateway        Service hello-webhook in kourier-system has no ready endpoint',
      fix('kubectl -n kourier-system get pod -l app=3scale-kourier-gateway'),
      '? TLS            not looked at: see gateway first',
    ],
  ],
  [
    'the DomainMapping is removed',
    (chain) => chain.remove(domain),
    [
      `✗ domain         DomainMapping ${host} is not there in hello-system: the gateway does not know the host`,
      fix('npm run deploy'),
    ],
  ],
  [
    'the ClusterDomainClaim is removed',
    (chain) => chain.remove(claim),
    [
      `✗ domain         ClusterDomainClaim ${host} is not there, so hello-system may not use the host`,
      fix('npm run deploy'),
    ],
  ],
  [
    'the ClusterDomainClaim is for another namespace',
    (chain) => chain.patch(claim, { spec: { namespace: 'team-a' } }),
    [
      `✗ domain         ClusterDomainClaim ${host} is for team-a, so hello-system may not use the host`,
      fix('npm run deploy'),
    ],
  ],
  [
    'the DomainMapping leads elsewhere',
    (chain) => chain.patch(domain, { spec: { ref: { name: 'other' } } }),
    [`✗ domain         DomainMapping ${host} leads to other, not to hello-webhook`, fix('npm run deploy')],
  ],
  [
    'the DomainMapping serves no TLS',
    (chain) => chain.patch(domain, { spec: { tls: null } }),
    [
      `✗ domain         DomainMapping ${host} has no tls.secretName: the host is not served over TLS`,
      fix('npm run deploy'),
    ],
  ],
  [
    'the DomainMapping is not ready',
    (chain) => chain.patch(domain, notReady('CertificateNotReady', 'no Secret'), '/status'),
    [
      `✗ domain         DomainMapping ${host} is not ready: CertificateNotReady: no Secret`,
      fix(`kubectl -n hello-system describe domainmapping ${host}`),
    ],
  ],
  [
    'the Certificate of the caBundle is deleted',
    (chain) => chain.remove(`${certificates}/hello-webhook-ca`),
    [
      '✗ certificate    Certificate hello-webhook-ca is not there in hello-system: cainjector takes the caBundle from it',
      fix('npm run deploy'),
    ],
  ],
  [
    'the Certificate that is served is deleted',
    (chain) => chain.remove(`${certificates}/hello-webhook-gateway`),
    [
      `✗ certificate    no Certificate in hello-system names ${host}, which the API server asks for`,
      fix('npm run deploy'),
    ],
  ],
  [
    'the Certificate that is served has another name',
    (chain) => chain.patch(`${certificates}/hello-webhook-gateway`, { spec: { dnsNames: ['hello-webhook.svc'] } }),
    [
      `✗ certificate    no Certificate in hello-system names ${host}, which the API server asks for`,
      fix('npm run deploy'),
    ],
  ],
  [
    'the Certificate that is served is by another issuer than the caBundle',
    (chain) => chain.patch(`${certificates}/hello-webhook-gateway`, { spec: { issuerRef: { name: 'another' } } }),
    [
      '✗ certificate    hello-webhook-gateway is issued by ClusterIssuer another, but the caBundle is taken from hello-webhook-ca, by ClusterIssuer hello-webhook-issuer',
      fix('npm run deploy'),
    ],
  ],
  [
    'a Certificate has expired',
    (chain) =>
      chain.patch(`${certificates}/hello-webhook-gateway`, { status: { notAfter: '2026-01-02T00:00:00Z' } }, '/status'),
    [
      '✗ certificate    Certificate hello-webhook-gateway in hello-system expired on 2026-01-02',
      fix('kubectl -n hello-system describe certificate hello-webhook-gateway'),
    ],
  ],
  [
    'there is no caBundle',
    (chain, cluster) => changeCaBundle(chain, cluster, undefined),
    [
      `✗ caBundle       entry ${entry} has no caBundle: the API server trusts no certificate of ours`,
      fix('cainjector sets it: kubectl -n cert-manager logs deployment/cert-manager-cainjector'),
      '? TLS            not looked at: see caBundle first',
    ],
  ],
  [
    'the caBundle is of another authority',
    async (chain, cluster) => changeCaBundle(chain, cluster, (await createCertificateAuthority('another')).cert),
    [
      `✗ caBundle       entry ${entry} does not trust CN=hello-webhook-authority, the authority of the Certificate that the caBundle is taken from`,
      fix('cainjector sets it: kubectl -n cert-manager logs deployment/cert-manager-cainjector'),
      '? TLS            not looked at: see caBundle first',
    ],
  ],
  [
    'the caBundle is damaged',
    (chain, cluster) => changeCaBundle(chain, cluster, damaged),
    [
      `✗ caBundle       entry ${entry} has a damaged caBundle: a certificate in it cannot be read`,
      fix('cainjector sets it: kubectl -n cert-manager logs deployment/cert-manager-cainjector'),
      '? TLS            not looked at: see caBundle first',
    ],
  ],
  [
    'the Secret of the authority is damaged, which nobody foresaw: the walk goes on',
    (chain) =>
      chain.patch(`/api/v1/${system}/secrets/hello-webhook-ca`, {
        data: { 'ca.crt': Buffer.from(damaged).toString('base64') },
      }),
    [
      '? caBundle       error:068000A8:asn1 encoding routines::wrong tag',
      '? TLS            not looked at: see caBundle first',
    ],
  ],
  [
    'nobody keeps the caBundle up to date',
    (chain) => chain.patch(webhook, { metadata: { annotations: { 'cert-manager.io/inject-ca-from': null } } }),
    [
      '! caBundle       the API server trusts CN=hello-webhook-authority; hello-webhook has no annotation cert-manager.io/inject-ca-from, so nobody keeps that up to date',
      fix('npm run deploy'),
    ],
  ],
  [
    'an injection has no entry',
    (chain, cluster) => addInjection(chain, cluster, 'secret', '{matchExpressions: [{key: secret, operator: Exists}]}'),
    [
      '✗ entries        no entry covers injection secret: the API server never asks for its Pods',
      fix('npm run deploy'),
    ],
  ],
  [
    'an entry leaves out the namespace that an injection is for',
    (chain, cluster) =>
      addInjection(
        chain,
        cluster,
        'dns',
        '{matchLabels: {hello: "true", a: b}}',
        'namespaces: {include: [kube-system, "team-*", team-a]}',
      ),
    [
      '✗ entries        injection dns is for namespace kube-system, which the namespaceSelector of its entry leaves out',
      fix("take kube-system out of the injection's namespaces, or of the namespaceSelector"),
    ],
  ],
  [
    'no injection needs an entry',
    (chain, cluster) =>
      changeEntries(chain, cluster, (first) => [
        first,
        { ...first, name: `old.${entry}`, objectSelector: { matchLabels: { old: 'true' } } },
      ]),
    [`! entries        no injection needs entry old.${entry}: its Pods wait for nothing`, fix('npm run deploy')],
  ],
  [
    'an entry selects every Pod',
    (chain, cluster) => changeEntries(chain, cluster, (first) => [{ ...first, objectSelector: {} }]),
    [
      `✗ entries        entry ${entry} has an empty objectSelector: every Pod of the cluster waits for it`,
      fix('npm run deploy'),
    ],
  ],
  [
    "an entry catches the platform's own Pods",
    (chain, cluster) =>
      changeEntries(chain, cluster, (first) => [
        {
          ...first,
          namespaceSelector: {
            matchExpressions: [
              { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['kube-system', 'cert-manager'] },
            ],
          },
        },
      ]),
    [
      `✗ platform       entry ${entry} may catch Pods of hello-system, knative-serving, kourier-system, which the function itself needs`,
      fix(
        'npm run deploy, with hello-system, knative-serving, kourier-system in the namespaceSelector of manifests/webhook/webhook.yaml',
      ),
    ],
  ],
  [
    'cert-manager is in a namespace of another name',
    (chain) => {
      const labels = { 'app.kubernetes.io/name': 'cert-manager', 'app.kubernetes.io/instance': 'cm' };
      const template = { metadata: { labels }, spec: { containers: [{ name: 'a', image: 'cert-manager' }] } };
      return chain.add({
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'cm', namespace: 'team-a', labels },
        spec: { selector: { matchLabels: labels }, template },
        status: { replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 },
      });
    },
    [
      `✗ platform       entry ${entry} may catch Pods of team-a, which the function itself needs`,
      fix('npm run deploy, with team-a in the namespaceSelector of manifests/webhook/webhook.yaml'),
    ],
  ],
  [
    'all webhooks together may take too long',
    (chain) => chain.add(otherWebhook('aaa', { timeoutSeconds: 20 })),
    [
      `! timeouts       a Pod of hello waits 35 s at most (aaa.example.com 20 s, ${entry} 15 s), and the API server gives up after 34 s`,
      fix('lower timeoutSeconds: ours stands in manifests/webhook/webhook.yaml'),
    ],
  ],
  [
    'another webhook comes after ours, which is not called again',
    async (chain, cluster) => {
      await chain.add(otherWebhook('zzz'));
      await changeEntries(chain, cluster, (first) => [{ ...first, reinvocationPolicy: 'Never' }]);
    },
    [
      '! other webhooks containers that zzz adds stay without files: reinvocationPolicy is not IfNeeded',
      fix('npm run deploy'),
    ],
  ],
  [
    'Pods were never injected',
    async (chain) => {
      const deployment = [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-5f7', uid: '1', controller: true }];
      await addPod(chain, 'team-a', 'web-5f7-a', {
        labels: { 'pod-template-hash': '5f7' },
        ownerReferences: deployment,
      });
      await addPod(chain, 'team-a', 'web-5f7-b', {
        labels: { 'pod-template-hash': '5f7' },
        ownerReferences: deployment,
      });
      await addPod(chain, 'team-b', 'db-0', {
        ownerReferences: [{ ...deployment[0], kind: 'StatefulSet', name: 'db' }],
      });
      await addPod(chain, 'team-b', 'single', {});
      await addPod(chain, 'team-b', 'opted-out', { annotations: { 'hello-webhook/inject': 'false' } });
      await addPod(
        chain,
        'team-b',
        'mirror',
        { annotations: { 'kubernetes.io/config.mirror': 'x' } },
        { nodeName: 'node' },
      );
      await addPod(chain, 'team-b', 'windows', {}, { nodeSelector: { 'kubernetes.io/os': 'windows' } });
      await addPod(chain, 'hello-system', 'left-out', {});
      const volumes = [{ name: 'hello-volume', configMap: { name: 'hello-configmap' } }];
      const volumeMounts = [{ name: 'hello-volume', mountPath: '/etc/config', readOnly: true }];
      const containers = [{ name: 'app', image: 'app', volumeMounts }];
      await addPod(chain, 'team-b', 'injected', { labels: { 'hello-added': 'OK' } }, { volumes, containers });
    },
    [
      '! Pods           4 Pods without files, created since: the API server did not ask, or could not: team-a/web-5f7-a, team-a/web-5f7-b, team-b/db-0 and 1 more',
      fix('kubectl -n team-a rollout restart deployment/web'),
      fix('kubectl -n team-b rollout restart statefulset/db'),
      fix('kubectl -n team-b delete pod single, and create it again'),
      '✗ files          ConfigMap hello-configmap is not there in team-b: the Pods wait for it',
      fix('mend ensure; the function copies it as a Pod is created:'),
      fix('kubectl -n team-b delete pod injected, and create it again'),
    ],
  ],
  [
    'namespaces lack what their Pods mount',
    async (chain, cluster) => {
      await addInjection(
        chain,
        cluster,
        'token',
        '{matchLabels: {hello: "true", token: "1"}}',
        '',
        '{name: token, projected: {sources: [{secret: {name: token}}, {configMap: {name: ca}}, {secret: {name: maybe, optional: true}}]}}',
      );
      for (const namespace of ['team-a', 'team-b'])
        await addPod(chain, namespace, 'app', {
          labels: { token: '1' },
          annotations: { 'hello-webhook/inject': 'false' },
        });
      await chain.add({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'token', namespace: 'team-a' } });
    },
    [
      '✗ files          ConfigMap ca is not there in team-a, team-b: the Pods wait for it',
      fix('kubectl -n team-a create configmap ca --from-file=…, or ensure: true on the injection'),
      '✗ files          Secret token is not there in team-b: the Pods wait for it',
      fix('kubectl -n team-b create secret generic token --from-file=…'),
    ],
  ],
  [
    'a copy that Pods wait for is not there',
    async (chain) => {
      const volumes = [{ name: 'hello-volume', configMap: { name: 'hello-configmap' } }];
      const volumeMounts = [{ name: 'hello-volume', mountPath: '/etc/config', readOnly: true }];
      const containers = [{ name: 'app', image: 'app', volumeMounts }];
      for (const name of ['one', 'two'])
        await addPod(chain, 'team-a', name, { labels: { 'hello-added': 'OK' } }, { volumes, containers });
    },
    [
      '✗ files          ConfigMap hello-configmap is not there in team-a: the Pods wait for it',
      fix('mend ensure; the function copies it as a Pod is created:'),
      fix('kubectl -n team-a delete pod one, and create it again'),
    ],
  ],
  [
    'a copy is not as its source',
    async (chain, cluster) => {
      const labels = { 'app.kubernetes.io/managed-by': 'hello-webhook' };
      const annotations = { 'hello-webhook/copied-from': 'hello-system' };
      const metadata = { name: 'hello-configmap', labels, annotations };
      const add = (namespace: string, content: object) =>
        chain.add({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...metadata, namespace }, ...content });
      await add('team-a', { data: { 'hello.txt': 'old' } });
      const source = await cluster.api.send<{ data: object }>('GET', `/api/v1/${system}/configmaps/hello-configmap`);
      await add('team-b', { data: source.object.data, immutable: true });
    },
    [
      '! copies         2 ConfigMaps not as the source: team-a/hello-configmap, team-b/hello-configmap',
      fix('npm run sync'),
    ],
  ],
];

describeOnApiServer('doctor, where the API server calls a Service before the gateway', (cluster) => {
  const chain = stageChain(cluster, 'gateway-kourier');

  it('says of each link that it is as it should be', async () => {
    expect(await doctor(cluster.api)).to.deep.equal([
      '✓ knative        Knative Serving 1.15.2, activator, autoscaler, controller, webhook available',
      '✓ ingress        kourier.ingress.networking.knative.dev, 1 gateway Pod in kourier-system',
      '✓ cert-manager   cert-manager v1.18.0, cainjector, cert-manager, webhook available',
      '✓ issuer         ClusterIssuer hello-webhook-issuer is ready',
      '✓ function       Knative Service hello-webhook in hello-system is ready, revision hello-webhook-00001',
      `✓ injections     hello (ConfigMap ${(await injectionsMap(cluster)).metadata.name})`,
      '✓ ensure         ServiceAccount hello-webhook may copy ConfigMap hello-configmap from hello-system',
      '✓ webhook        MutatingWebhookConfiguration hello-webhook calls Service hello-webhook in kourier-system at /mutate; failurePolicy Ignore, sideEffects NoneOnDryRun',
      '✓ gateway        Service hello-webhook in kourier-system, 1 ready endpoint on port 8443',
      `✓ domain         DomainMapping ${host} is ready, TLS by Secret hello-webhook-gateway`,
      `✓ certificate    hello-webhook-ca for the caBundle, until ${expiry} (Secret hello-webhook-ca)`,
      `✓ certificate    hello-webhook-gateway for ${host}, until ${expiry} (Secret hello-webhook-gateway)`,
      '✓ caBundle       the API server trusts CN=hello-webhook-authority, as in the Secret of Certificate hello-system/hello-webhook-ca',
      // It takes a node.
      noNode,
      '✓ calls          0 calls since the API server started, none has failed',
      '✓ entries        the API server asks for hello',
      '✓ platform       no entry catches Pods of hello-system, kube-system, knative-serving, kourier-system, cert-manager',
      `✓ timeouts       a Pod of hello waits 15 s at most (${entry} 15 s), and the API server gives up after 34 s`,
      '✓ other webhooks none sees our Pods after us',
      '✓ Pods           none is selected',
      '✓ files          each namespace with selected Pods has what they mount',
    ]);
  });

  for (const [title, act, said] of breaks) {
    it(`${title}: is named, with its fix`, async () => {
      await act(chain(), cluster);
      expect(await notAsItShouldBe(cluster.api)).to.deep.equal(said);
    });
  }

  it('names the webhooks that come after ours, where they do no harm', async () => {
    await chain().add(otherWebhook('zzz'));
    await chain().add(otherWebhook('opt-in', { objectSelector: { matchLabels: { other: 'true' } } }));
    expect((await doctor(cluster.api)).filter((line) => line.includes('other webhooks'))).to.deep.equal([
      '✓ other webhooks after us zzz: what they add gets its files by reinvocationPolicy IfNeeded',
    ]);
  });

  it('counts the calls that failed, whose errors Ignore hides', async () => {
    const name = `closed.${entry}`;
    await changeEntries(chain(), cluster, (first) => [
      { ...first, name, clientConfig: { url: 'https://127.0.0.1:1/mutate' } },
    ]);
    let failed = 0;
    while (failed === 0) {
      await cluster.createPod('team-a', labelledPod, '?dryRun=All');
      const samples = samplesIn(await cluster.api.text('/metrics'), new Set([name]));
      failed = samples.find(({ metric }) => metric === 'fail_open_count')?.value ?? 0;
    }
    const times = failed === 1 ? '1 time' : `${failed} times`;
    expect(await notAsItShouldBe(cluster.api)).to.include.members([
      `! calls          ${times} the API server let in a Pod without asking, for the function could not be called: failurePolicy Ignore hides it`,
      fix("npm run doctor -- --probe shows the API server's own error; what is counted goes back to its start"),
    ]);
  });

  it('with --probe has the API server call the function, and shows what it says', async () => {
    await using cleanup = new AsyncDisposableStack();
    const probing = { probeNamespace: 'team-a', progress: () => {}, cleanup };
    const server = await cluster.startFunction(helloInjection);
    const caBundle = Buffer.from(server.caCert).toString('base64');
    await chain().patch(`/api/v1/${system}/secrets/hello-webhook-ca`, { data: { 'ca.crt': caBundle } });
    const stopped = new AbortController();
    cleanup.defer(() => stopped.abort());
    const injector = injectCaBundle(cluster, caBundle, stopped.signal);
    const reach = async (url: string) => {
      await changeEntries(chain(), cluster, (first) => [{ ...first, clientConfig: { url, caBundle } }]);
      return (await doctor(cluster.api, probing)).find((line) => line.includes(' reach '));
    };
    expect(await reach(server.url)).to.match(/^✓ reach {10}the API server called the function in \d\.\d\d s$/);
    expect(await reach('https://127.0.0.1:1/mutate')).to.match(
      /^✗ reach {10}.*failed calling webhook .*https:\/\/127\.0\.0\.1:1\/mutate.*connection refused/,
    );
    const left = await list<V1MutatingWebhookConfiguration>(cluster.api, configurations);
    expect(left.map(({ metadata }) => metadata?.name)).to.deep.equal(['hello-webhook']);
    stopped.abort();
    await injector;
  });

  it('goes on where it may not look, and says so', async () => {
    const lines = await doctor(await strangerTo(cluster));
    expect(lines.filter((line) => !line.startsWith('?'))).to.deep.equal([]);
    expect(lines).to.include.members([
      '? function       services.serving.knative.dev "hello-webhook" is forbidden: User "system:serviceaccount:team-a:default" cannot get resource "services" in API group "serving.knative.dev" in the namespace "hello-system"',
      '? injections     not looked at: see function first',
      '? copies         configmaps is forbidden: User "system:serviceaccount:team-a:default" cannot list resource "configmaps" in API group "" at the cluster scope',
    ]);
  });

  it('keeps what it has found of ensure where it may not ask for the rights of others', async () => {
    await chain().remove(`/api/v1/${system}/configmaps/hello-configmap`);
    const rules = [{ apiGroups: ['*'], resources: ['*'], verbs: ['get', 'list'] }];
    const lines = await doctor(await strangerTo(cluster, rules));
    expect(lines.filter((line) => line.includes(' ensure '))).to.deep.equal([
      '✗ ensure         ConfigMap hello-configmap is not there in hello-system, to be copied from',
      '? ensure         subjectaccessreviews.authorization.k8s.io is forbidden: User "system:serviceaccount:team-a:default" cannot create resource "subjectaccessreviews" in API group "authorization.k8s.io" at the cluster scope',
    ]);
  });

  it('prints JSON, and exits with 1 where something is broken', async () => {
    await chain().remove(domain);
    const { status, output } = await run(cluster, '-o', 'json');
    expect(status).to.equal(1);
    const { findings } = JSON.parse(output) as { findings: object[] };
    expect(findings).to.deep.include({
      link: 'domain',
      status: 'broken',
      text: `DomainMapping ${host} is not there in hello-system: the gateway does not know the host`,
      fix: 'npm run deploy',
    });
  });

  it('prints lines, and exits with 0 where nothing is broken', async () => {
    const { status, output } = await run(cluster);
    expect(status).to.equal(0);
    expect(output).to.match(/^Cluster {10}https:\/\/127\.0\.0\.1:\d+\n✓ knative[\s\S]*\n\n/);
    expect(output.split('\n').at(-1)).to.equal(
      'Nothing is broken as far as can be seen; 1 link could not be looked at: TLS',
    );
  });

  it('exits with 3 where rights are lacking to look, and says how many links could not be looked at', async () => {
    await strangerTo(cluster);
    const { status, output } = await runAs(await cluster.kubeconfigOf('team-a'));
    expect(output.split('\n').at(-1)).to.match(
      /^Nothing is broken as far as can be seen; 21 links could not be looked at: knative, ingress, /,
    );
    expect(status).to.equal(3);
  });

  it('gives fixes for the very installation and context', async () => {
    const { status, output } = await run(cluster, '-n', 'team-a', '--name', 'mine', '--context', 'hello-webhook');
    expect(status).to.equal(1);
    expect(output).to.contain('npm run deploy -- --context hello-webhook -n team-a --name mine --image IMAGE');
    expect(output).to.match(/\n\nBroken: function, webhook$/);
  });

  it('exits with 2 where it was called wrongly', async () => {
    expect((await run(cluster, '-o', 'yaml')).status).to.equal(2);
  });
});

describeOnApiServer('doctor, where the API server calls the cluster-local URL', (cluster) => {
  const chain = stageChain(cluster, 'cluster-local-url');
  const config = '/api/v1/namespaces/knative-serving/configmaps';
  const keysFix = [
    fix(
      'kubectl apply --server-side --force-conflicts --field-manager=hello-webhook -k manifests/platform/cluster-local-tls',
    ),
    fix('kubectl -n knative-serving rollout restart deployment/controller'),
  ];

  it("looks at Knative's configuration for it, and at the Certificate that Knative makes", async () => {
    const lines = await doctor(cluster.api);
    expect(lines.filter((line) => !line.startsWith('✓'))).to.deep.equal([noNode]);
    expect(lines).to.include.members([
      '✓ webhook        MutatingWebhookConfiguration hello-webhook calls https://hello-webhook.hello-system.svc.cluster.local/mutate; failurePolicy Ignore, sideEffects NoneOnDryRun',
      '✓ local TLS      cluster-local-domain-tls is Enabled, issued by hello-webhook-issuer',
      `✓ certificate    route-local for hello-webhook.hello-system.svc.cluster.local, until ${expiry} (Secret route-local)`,
    ]);
  });

  it('a key of the configuration is off, and what comes of it', async () => {
    await chain().patch(`${config}/config-network`, { data: { 'cluster-local-domain-tls': 'Disabled' } });
    await chain().remove(`${certificates}/route-local`);
    expect(await notAsItShouldBe(cluster.api)).to.deep.equal([
      '✗ local TLS      cluster-local-domain-tls is not Enabled in config-network of knative-serving',
      ...keysFix,
      '? certificate    no Certificate in hello-system names hello-webhook.hello-system.svc.cluster.local, which the API server asks for (see local TLS first)',
    ]);
  });

  it('another issuer is configured', async () => {
    await chain().patch(`${config}/config-certmanager`, { data: { clusterLocalIssuerRef: null } });
    expect(await notAsItShouldBe(cluster.api)).to.deep.equal([
      '✗ local TLS      clusterLocalIssuerRef is not hello-webhook-issuer in config-certmanager of knative-serving',
      ...keysFix,
    ]);
  });

  it('the Certificate that Knative makes is not there', async () => {
    await chain().remove(`${certificates}/route-local`);
    expect(await notAsItShouldBe(cluster.api)).to.deep.equal([
      '✗ certificate    no Certificate in hello-system names hello-webhook.hello-system.svc.cluster.local, which the API server asks for',
      fix('kubectl -n hello-system describe ksvc hello-webhook'),
    ]);
  });

  it('another host is called, behind which it cannot look', async () => {
    await changeEntries(chain(), cluster, (first) => [
      { ...first, clientConfig: { ...first.clientConfig, url: 'https://hello.example.com/mutate' } },
    ]);
    expect(await notAsItShouldBe(cluster.api)).to.deep.equal([
      '! webhook        hello-webhook calls https://hello.example.com/mutate, which is not hello-webhook.hello-system: what is behind it cannot be looked at',
      fix('npm run deploy, or mind its certificate yourself'),
    ]);
  });
});

describeOnApiServer('doctor, on a cluster without any of it', (cluster) => {
  it('names what to begin with', async () => {
    const broken = (await doctor(cluster.api)).filter((line) => !line.startsWith('?'));
    expect(broken).to.deep.equal([
      '✗ knative        the API server does not serve serving.knative.dev/v1',
      fix('install Knative Serving: https://knative.dev/docs/install/'),
      '✗ cert-manager   the API server does not serve cert-manager.io/v1',
      fix('install cert-manager: https://cert-manager.io/docs/installation/'),
      '✗ webhook        MutatingWebhookConfiguration hello-webhook is not there: the API server asks nobody',
      fix('npm run deploy'),
    ]);
  });
});

function stageChain(cluster: Cluster, reach: 'gateway-kourier' | 'cluster-local-url'): () => StagedChain {
  const cleanup = new AsyncDisposableStack();
  let chain: StagedChain | undefined;
  before(async function () {
    await installDefinitions(this, cluster);
    chain = new StagedChain(cluster.api);
    await chain.stage(reach, cleanup);
  });
  afterEach(() => chain?.mend());
  after(() => cleanup.disposeAsync());
  return () => chain as StagedChain;
}

/** The lines that doctor prints. */
async function doctor(api: KubernetesApi, probing?: Probing): Promise<string[]> {
  const lines: string[] = [];
  for await (const finding of diagnose(api, installation, probing)) lines.push(...formatFinding(finding).split('\n'));
  return lines;
}

/** Those that are not ✓, but for what needs a node. */
async function notAsItShouldBe(api: KubernetesApi): Promise<string[]> {
  return (await doctor(api)).filter((line) => !line.startsWith('✓') && line !== noNode);
}

function fix(command: string): string {
  return `${' '.repeat(17)}${command}`;
}

const unavailable = { status: { availableReplicas: 0, readyReplicas: 0 } };

function notReady(reason: string, message: string) {
  return { status: { conditions: [{ type: 'Ready', status: 'False', reason, message }] } };
}

/** A revision that crashes at its start, as Knative tells of it. */
async function crash(chain: StagedChain, name: string): Promise<void> {
  await chain.add({
    apiVersion: 'serving.knative.dev/v1',
    kind: 'Revision',
    metadata: { namespace: 'hello-system', name },
    spec: { containers: [{ image: 'registry.test/hello:2' }] },
    ...notReady('ExitCode1', 'Container failed with: no such file'),
  });
}

/** Puts other entries in the place of the one that is staged. */
async function changeEntries(
  chain: StagedChain,
  { api }: Cluster,
  change: (first: V1MutatingWebhook) => V1MutatingWebhook[],
): Promise<void> {
  const { object } = await api.send<V1MutatingWebhookConfiguration>('GET', webhook);
  const [first] = object.webhooks ?? [];
  if (first) await chain.patch(webhook, { webhooks: change(first) });
}

function changeCaBundle(chain: StagedChain, cluster: Cluster, cert: string | undefined): Promise<void> {
  const caBundle = cert && Buffer.from(cert).toString('base64');
  return changeEntries(chain, cluster, ({ clientConfig: { service }, ...rest }) => [
    { ...rest, clientConfig: { ...(service && { service }), ...(caBundle && { caBundle }) } },
  ]);
}

function changeService(chain: StagedChain, cluster: Cluster, change: object): Promise<void> {
  return changeEntries(chain, cluster, ({ clientConfig, ...rest }) => [
    {
      ...rest,
      clientConfig: { ...clientConfig, service: { name: '', namespace: '', ...clientConfig.service, ...change } },
    },
  ]);
}

/** The ConfigMap with the injections that is staged. */
async function injectionsMap({ api }: Cluster): Promise<{ metadata: { name: string }; data: Record<string, string> }> {
  const { object } = await api.send<{ spec: { template: { spec: { volumes: { configMap: { name: string } }[] } } } }>(
    'GET',
    ksvc,
  );
  const name = object.spec.template.spec.volumes[0]?.configMap.name;
  return (
    await api.send<{ metadata: { name: string }; data: Record<string, string> }>(
      'GET',
      `/api/v1/${system}/configmaps/${name}`,
    )
  ).object;
}

async function addInjection(
  chain: StagedChain,
  cluster: Cluster,
  name: string,
  selector: string,
  more = '',
  volume = `{name: ${name}, configMap: {name: ${name}, optional: true}}`,
): Promise<void> {
  const { metadata, data } = await injectionsMap(cluster);
  const text = `${data['injections.yaml']}  - name: ${name}
    selector: ${selector}
    volume: ${volume}
    mount: {mountPath: /${name}}
    ${more}
`;
  await chain.patch(`/api/v1/${system}/configmaps/${metadata.name}`, { data: { 'injections.yaml': text } });
}

function otherWebhook(name: string, overrides: Partial<V1MutatingWebhook> = {}): KubernetesObject {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name },
    webhooks: [
      {
        name: `${name}.example.com`,
        clientConfig: { url: 'https://127.0.0.1:1/' },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        failurePolicy: 'Ignore',
        ...overrides,
      },
    ],
  };
}

const labelledPod = {
  metadata: { name: 'labelled', labels: { hello: 'true' } },
  spec: { containers: [{ name: 'app', image: 'app' }] },
};

/** A Pod that the API server does not ask about: it gets the label once it is there. */
async function addPod(
  chain: StagedChain,
  namespace: string,
  name: string,
  { labels = {}, ...metadata }: { labels?: Record<string, string>; [field: string]: unknown },
  spec: object = {},
): Promise<void> {
  const containers = [{ name: 'app', image: 'app' }];
  await chain.add({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name, labels, ...metadata },
    spec: { automountServiceAccountToken: false, containers, ...spec },
  });
  await chain.patch(`/api/v1/namespaces/${namespace}/pods/${name}`, { metadata: { labels: { hello: 'true' } } });
}

/** What cainjector does for the configuration of a probe. */
async function injectCaBundle({ api }: Cluster, caBundle: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const probes = await list<V1MutatingWebhookConfiguration>(api, configurations);
    for (const { metadata, webhooks = [] } of probes) {
      const isBare = webhooks.every(({ clientConfig }) => !clientConfig.caBundle);
      if (!metadata?.name?.startsWith('hello-webhook-probe-') || !isBare) continue;
      const trusting = webhooks.map((one) => ({ ...one, clientConfig: { ...one.clientConfig, caBundle } }));
      await api.send('PATCH', `${configurations}/${metadata.name}`, {
        body: { webhooks: trusting },
        contentType: 'application/merge-patch+json',
      });
    }
    await delay(50);
  }
}

/** The same API for a ServiceAccount with no rights but those of `rules`. */
async function strangerTo(cluster: Cluster, rules: object[] = []): Promise<KubernetesApi> {
  const { api } = cluster;
  const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name: 'stranger' } };
  const subjects = [{ kind: 'ServiceAccount', name: 'default', namespace: 'team-a' }];
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'stranger' };
  await apply(api, { ...rbac, kind: 'ClusterRole', rules }, { fieldManager: 'test' });
  await apply(api, { ...rbac, kind: 'ClusterRoleBinding', subjects, roleRef }, { fieldManager: 'test' });
  return connect({ kubeconfig: await cluster.kubeconfigOf('team-a') });
}

function run({ server }: Cluster, ...args: string[]): Promise<{ status: number | null; output: string }> {
  return runAs(server.kubeconfig, ...args);
}

async function runAs(kubeconfig: string, ...args: string[]): Promise<{ status: number | null; output: string }> {
  await using cleanup = new AsyncDisposableStack();
  const env = { ...process.env, KUBECONFIG: kubeconfig };
  const child = startChild(process.execPath, ['scripts/hello-webhook.ts', 'doctor', ...args], { cleanup, env });
  return { status: await child.exit, output: child.lines.join('\n') };
}
