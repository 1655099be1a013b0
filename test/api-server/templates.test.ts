import { expect } from 'chai';
import type { KubernetesObject } from '../../scripts/kubernetes/object.ts';
import { podOf } from '../../scripts/kubernetes/workload.ts';
import { prepareNamespace } from '../../scripts/local/api-server.ts';
import { goModule } from '../support/go-module.ts';
import { helloInjection } from '../support/hello-injection.ts';
import { publishedManifests, publishedModules } from '../support/published-manifests.ts';
import { comparablePod } from '../support/stored-pod.ts';
import { describeOnApiServer, type Pod } from './cluster.ts';

describeOnApiServer('every Pod template of', (cluster) => {
  let namespace: string;
  before(async () => {
    namespace = await cluster.namespaceWith(await cluster.startFunction(helloInjection), helloInjection);
    await prepareNamespace(cluster.api, 'without-webhook');
  });

  for (const module of publishedModules) {
    it(`${module} goes through as it is, with what we add`, async function () {
      const templates = templatesIn(goModule(this, module));
      const refused: string[] = [];
      for (const { place, pod } of templates) {
        const plain = await create('without-webhook', pod);
        const injected = await create(namespace, pod);
        if ('refused' in plain) {
          // Not by us: the API server alone does not take it either.
          expect(injected, place).to.have.property('refused');
          refused.push(`${place}: ${plain.refused}`);
          continue;
        }
        if ('refused' in injected) throw new Error(`${place}: ${injected.refused}`);
        expectOnlyOurs(plain, injected, place);
      }
      const count = templates.length - refused.length;
      console.log(`      ${count} of ${templates.length} templates; ${refused.length} are refused without us too`);
      expect(count).to.be.greaterThan(30);
    });
  }

  /** The Pod as it would be stored, or why it is refused. */
  async function create(
    where: string,
    pod: KubernetesObject,
  ): Promise<{ pod: Pod; warnings: string[] } | { refused: string }> {
    const spec = pod.spec as { serviceAccountName?: string; serviceAccount?: string };
    const serviceAccount = spec.serviceAccountName || spec.serviceAccount;
    if (serviceAccount) await prepareNamespace(cluster.api, where, serviceAccount);
    const labels = { ...pod.metadata.labels, hello: 'true' };
    const body = { ...pod, metadata: { ...pod.metadata, labels, namespace: where } };
    return cluster.createPod(where, body, '?dryRun=All').then(
      ({ object, warnings }) => ({ pod: object, warnings }),
      ({ message }: Error) => ({ refused: message }),
    );
  }
});

function templatesIn(directory: string): { place: string; pod: KubernetesObject }[] {
  return publishedManifests(directory).flatMap(({ file, objects }) =>
    objects.flatMap((object) => {
      const pod = podOf(object);
      return pod ? [{ place: file, pod }] : [];
    }),
  );
}

type Admitted = { pod: Pod; warnings: string[] };

/** The second is the first with our volume, our mounts and our label, or the warnings that say where they are not. */
function expectOnlyOurs(plain: Admitted, injected: Admitted, place: string): void {
  const ours = injected.warnings.filter((warning) => warning.startsWith('hello: '));
  expect(injected.warnings, place).to.include.members(plain.warnings);
  for (const container of containersOf(injected.pod)) {
    const isMounted = container.volumeMounts?.some(
      ({ name, mountPath }) => name === 'hello-volume' && mountPath === '/etc/config',
    );
    const isNamed = ours.some((warning) => warning.startsWith(`hello: container ${container.name}: /etc/config `));
    expect(isMounted, `${place}: ${container.name}`).to.equal(!isNamed);
  }
  expect(injected.pod.metadata.labels?.['hello-added'], place).to.equal(ours.length === 0 ? 'OK' : undefined);
  expect(comparablePod(withoutOurs(injected.pod)), place).to.deep.equal(comparablePod(plain.pod));
}

function containersOf({ spec }: Pod) {
  return [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
}

function withoutOurs(pod: Pod): Pod {
  const copy = structuredClone(pod);
  delete copy.metadata.labels?.['hello-added'];
  const annotations = copy.metadata.annotations as Record<string, string> | undefined;
  delete annotations?.['hello-webhook/skipped'];
  if (annotations && Object.keys(annotations).length === 0) delete copy.metadata.annotations;
  for (const container of containersOf(copy)) {
    container.volumeMounts = container.volumeMounts?.filter(({ name }) => name !== 'hello-volume') ?? [];
  }
  if (copy.spec) copy.spec.volumes = copy.spec.volumes?.filter(({ name }) => name !== 'hello-volume') ?? [];
  return copy;
}
