import { randomUUID } from 'node:crypto';
import type { V1Volume } from '@kubernetes/client-node';
import { expect } from 'chai';
import type { Context } from 'mocha';
import { kubernetesVersion } from '../../function/injections/kubernetes-type.ts';
import { isAsDeclared } from '../../function/review/volume-comparison.ts';
import { ApiError } from '../../scripts/kubernetes/client.ts';
import { prepareNamespace } from '../../scripts/local/api-server.ts';
import { type BadVolume, badVolumes, goodVolumes, named } from '../support/volumes.ts';
import { describeOnApiServer } from './cluster.ts';

/** That the checks of volumes are those of the API server: no rule is stricter, unless the table says why, and none is missing. */
describeOnApiServer('the API server', (cluster) => {
  let namespace: string;
  let isNewest: boolean;

  before(async () => {
    namespace = `test-${randomUUID().slice(0, 8)}`;
    await prepareNamespace(cluster.api, namespace);
    const { object } = await cluster.api.send<{ gitVersion: string }>('GET', '/version');
    isNewest = object.gitVersion === `v${kubernetesVersion}`;
  });

  /** The volume as a Pod has it that is created on a dry run, or undefined where the API server drops it. */
  const created = async (volume: V1Volume): Promise<V1Volume | undefined> => {
    const containers = [{ name: 'app', image: 'app:1', volumeMounts: [{ name: 'v', mountPath: '/files' }] }];
    const pod = { metadata: { name: 'p' }, spec: { containers, volumes: [volume] } };
    const { object } = await cluster.createPod(namespace, pod, '?dryRun=All');
    return object.spec?.volumes?.find(({ name }) => name === 'v');
  };

  const outcomeOf = async (volume: V1Volume): Promise<string> => {
    try {
      const stored = await created(volume);
      return isAsDeclared(volume, stored, 'volume') ? 'takes' : 'drops';
    } catch (error) {
      if (error instanceof ApiError && error.status >= 400 && error.status < 500) return 'refuses';
      throw error;
    }
  };

  /** Skips where an older API server, or one whose feature gate is off, drops a source that the newest has. */
  const outcomeIn = async (test: Context, volume: BadVolume['volume'], expected: string): Promise<string> => {
    const outcome = await outcomeOf(named(volume, 'v'));
    if (outcome !== 'drops' || expected === 'drops' || isNewest) return outcome;
    console.log(`    skipped, this API server drops ${JSON.stringify(volume)}: a feature gate of it is off`);
    return test.skip();
  };

  for (const { volume, server, because } of badVolumes) {
    it(`${server} ${JSON.stringify(volume)}`, async function () {
      expect(await outcomeIn(this, volume, server)).to.equal(server);
      if (server === 'takes') expect(because).to.be.a('string');
    });
  }

  for (const volume of goodVolumes) {
    it(`takes ${JSON.stringify(volume)}`, async function () {
      expect(await outcomeIn(this, volume, 'takes')).to.equal('takes');
    });
  }

  it("mounts a volume whose name begins with kube-api-access- as the ServiceAccount's token", async () => {
    const volumes = [{ name: 'kube-api-access-ca', configMap: { name: 'ca' } }];
    const pod = { metadata: { name: 'p' }, spec: { containers: [{ name: 'app', image: 'app:1' }], volumes } };
    const { object } = await cluster.createPod(namespace, pod, '?dryRun=All');
    expect(object.spec?.containers[0]?.volumeMounts).to.deep.equal([
      { name: 'kube-api-access-ca', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true },
    ]);
  });
});
