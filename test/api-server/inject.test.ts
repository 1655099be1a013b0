import type { V1Volume, V1VolumeMount } from '@kubernetes/client-node';
import { expect } from 'chai';
import { parseInjections } from '../../function/injections/load.ts';
import { parseManifest } from '../../scripts/kubernetes/manifest.ts';
import type { KubernetesObject } from '../../scripts/kubernetes/object.ts';
import { podOf } from '../../scripts/kubernetes/workload.ts';
import { prepareNamespace } from '../../scripts/local/api-server.ts';
import { injectManifest } from '../../scripts/workloads/inject.ts';
import { type Review, reviewBy } from '../../scripts/workloads/review.ts';
import { goModule } from '../support/go-module.ts';
import { type PublishedManifest, publishedManifests, publishedModules } from '../support/published-manifests.ts';
import { comparablePod } from '../support/stored-pod.ts';
import { describeOnApiServer } from './cluster.ts';

/** Into every Pod, with all that an injection can have, at a path that some have taken. */
const everyPod = `
injections:
  - name: every
    selector: {matchExpressions: [{key: opted-out, operator: DoesNotExist}]}
    volume: {name: every, configMap: {name: every}}
    mounts: [{mountPath: /etc/config, readOnly: true}, {mountPath: /tmp/ca.crt, subPath: ca.crt}]
    env: [{name: EVERY, value: /etc/config}]
    labels: {every-added: OK}
    annotations: {example.com/every: "1"}
`;

describeOnApiServer('what `inject` makes of the manifests of', (cluster) => {
  let namespace: string;
  before(async () => {
    namespace = await cluster.namespaceWith(await cluster.startFunction(everyPod), everyPod);
    await prepareNamespace(cluster.api, 'without-webhook');
  });

  for (const module of publishedModules) {
    it(`${module} is what the API server stores through the webhook`, async function () {
      const { entries, ...by } = reviewBy(parseInjections(everyPod, 'injections.yaml'), 'default');
      // Many of these are in namespaces of the platform, which the webhook of the manifests leaves out.
      const everywhere = { ...by, entries: entries.map((entry) => ({ ...entry, namespaceSelector: {} })) };
      const pods = publishedManifests(goModule(this, module)).flatMap((manifest) => injectedPods(manifest, everywhere));
      const counts: Record<string, number> = {};
      for (const { place, pod, made, result } of pods) {
        const stored = await create(namespace, pod);
        expect(await create('without-webhook', made), place).to.deep.equal(stored);
        const outcome = stored === 'refused' ? stored : result;
        counts[outcome] = (counts[outcome] ?? 0) + 1;
      }
      console.log(`      ${Object.entries(counts).flat().join(' ')}`);
      expect(counts.injected).to.be.greaterThan(30);
    });
  }

  /** The Pod as it would be stored, defaults and what is made anew for each aside. */
  async function create(where: string, pod: KubernetesObject): Promise<unknown> {
    const spec = pod.spec as { serviceAccountName?: string; serviceAccount?: string };
    const serviceAccount = spec.serviceAccountName || spec.serviceAccount;
    if (serviceAccount) await prepareNamespace(cluster.api, where, serviceAccount);
    const body = { ...pod, metadata: { ...pod.metadata, namespace: where } };
    return cluster.createPod(where, body, '?dryRun=All').then(
      ({ object }) => inOneOrder(comparablePod(object)),
      () => 'refused',
    );
  }
});

/** The Pods of a manifest: each as it is, and as `inject` makes it. */
function injectedPods({ file, text, objects }: PublishedManifest, by: Review) {
  const { text: output, workloads: all } = injectManifest(text, file, by);
  // A kind that is not known has a warning alone.
  const workloads = all.filter(({ outcomes }) => outcomes.length > 0);
  const podsOf = (some: KubernetesObject[]) => some.flatMap((object) => podOf(object) ?? []);
  const made = podsOf(parseManifest(output, file));
  expect(made.length, file).to.equal(workloads.length);
  return podsOf(objects).map((pod, index) => {
    const { title = '', outcomes = [] } = workloads[index] ?? {};
    return { place: `${file}: ${title}`, pod, made: made[index] ?? pod, result: outcomes[0]?.result ?? 'none' };
  });
}

/** The ServiceAccount's token comes in before a webhook is called, and so before or after what is injected. */
function inOneOrder(pod: unknown): unknown {
  return JSON.parse(JSON.stringify(pod), (key, value) => {
    if (key === 'volumes') return (value as V1Volume[]).sort((one, other) => compare(one.name, other.name));
    if (key !== 'volumeMounts') return value;
    return (value as V1VolumeMount[]).sort((one, other) => compare(one.mountPath, other.mountPath));
  });
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
