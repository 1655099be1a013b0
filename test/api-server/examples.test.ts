import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { V1ConfigMap } from '@kubernetes/client-node';
import { expect } from 'chai';
import type { Context } from 'mocha';
import { parseInjections } from '../../function/injections/load.ts';
import { ensuredConfigMaps, type Injection } from '../../function/review/injection.ts';
import { apply } from '../../scripts/kubernetes/apply.ts';
import { readManifest } from '../../scripts/kubernetes/manifest.ts';
import type { KubernetesObject } from '../../scripts/kubernetes/object.ts';
import { read } from '../../scripts/kubernetes/read.ts';
import { prepareNamespace } from '../../scripts/local/api-server.ts';
import { expectAsIn } from '../support/fixtures.ts';
import { type Cluster, describeOnApiServer, type Pod } from './cluster.ts';

const examples = globSync('manifests/examples/*.yaml').map((file) => basename(file, '.yaml'));

describeOnApiServer('manifests/examples', (cluster) => {
  let kubeconfig: string;

  before(async () => {
    await prepareNamespace(cluster.api, 'hello-system');
    const rbac = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'examples' },
    };
    const subjects = [{ kind: 'ServiceAccount', name: 'default', namespace: 'hello-system' }];
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' };
    await apply(cluster.api, { ...rbac, subjects, roleRef }, { fieldManager: 'test' });
    kubeconfig = await cluster.kubeconfigOf('hello-system');
  });

  for (const example of examples) {
    it(`${example}: its Pods come back with all that it says`, async function () {
      const text = readFileSync(`manifests/examples/${example}.yaml`, 'utf8');
      const injections = parseInjections(text, example);
      const server = await cluster.startFunction(text, { KUBECONFIG: kubeconfig });
      const namespace = await cluster.namespaceWith(server, text, { sideEffects: 'NoneOnDryRun' });
      await requireSources(cluster, this, namespace, injections);
      const stored = await createAll(cluster, namespace, readManifest(`manifests/examples/pods/${example}.yaml`));
      expectAsIn(join(import.meta.dirname, 'examples', `${example}.yaml`), stored);
      await expectCopies(cluster, namespace, ensuredConfigMaps(injections));
    });
  }
});

async function requireSources(
  cluster: Cluster,
  test: Context,
  namespace: string,
  injections: readonly Injection[],
): Promise<void> {
  for (const { volume } of injections) if (volume) await cluster.requireSource(test, namespace, volume);
}

/** Creates what an example needs, as far as every API server has it, and its Pods; these as they are stored. */
async function createAll(cluster: Cluster, namespace: string, objects: readonly KubernetesObject[]): Promise<object[]> {
  const stored: object[] = [];
  for (const object of objects) {
    if (inAnyCluster.has(object.kind)) {
      const metadata = { namespace, ...object.metadata };
      await apply(cluster.api, { ...object, metadata }, { fieldManager: 'test' });
    }
    if (object.kind !== 'Pod') continue;
    const { warnings } = await cluster.createPod(namespace, object);
    expect(warnings).to.deep.equal([]);
    stored.push(injectedIn((await cluster.getPod(namespace, object.metadata.name ?? '')).object));
  }
  return stored;
}

async function expectCopies(cluster: Cluster, namespace: string, names: readonly string[]): Promise<void> {
  const dataOf = async (where: string, name: string) =>
    (await read<V1ConfigMap>(cluster.api, `/api/v1/namespaces/${where}/configmaps/${name}`))?.data;
  for (const name of names) {
    const source = await dataOf('hello-system', name);
    expect(source).not.to.equal(undefined);
    expect(await dataOf(namespace, name)).to.deep.equal(source);
  }
}

/** What an example needs that every API server has. */
const inAnyCluster: ReadonlySet<string> = new Set(['ConfigMap', 'Secret']);

/** What an injection changes of a Pod, without the token that admission mounts. */
function injectedIn({ metadata: { name, labels, annotations }, spec }: Pod): object {
  const isOfInjection = ({ name }: { name: string }) => !name.startsWith('kube-api-access-');
  return {
    name,
    labels,
    ...(annotations && { annotations }),
    containers: spec?.containers.map(({ name, env = [], volumeMounts = [] }) => ({
      name,
      ...(env.length > 0 && { env }),
      volumeMounts: volumeMounts.filter(isOfInjection),
    })),
    volumes: spec?.volumes?.filter(isOfInjection),
  };
}
