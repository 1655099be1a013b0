import { randomUUID } from 'node:crypto';
import type { V1EnvVarSource, V1Volume } from '@kubernetes/client-node';
import { expect } from 'chai';
import type { Context } from 'mocha';
import { kubernetesVersion } from '../../function/injections/kubernetes-type.ts';
import { refusingStandards } from '../../function/injections/pod-security.ts';
import { isAsDeclared } from '../../function/review/volume-comparison.ts';
import { dryRun, probePod } from '../../scripts/install/probe-pod.ts';
import { ApiError } from '../../scripts/kubernetes/client.ts';
import { prepareNamespace } from '../../scripts/local/api-server.ts';
import { badVariables, badVolumes, goodVariables, goodVolumes, named } from '../support/volumes.ts';
import { describeOnApiServer } from './cluster.ts';

/** That the checks of volumes and variables are those of the API server: no rule is stricter, unless the table says why, and none is missing. */
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

  /** The variable's source, likewise. */
  const createdVariable = async (valueFrom: V1EnvVarSource): Promise<V1EnvVarSource | undefined> => {
    const containers = [{ name: 'app', image: 'app:1', env: [{ name: 'V', valueFrom }] }];
    const pod = { metadata: { name: 'p' }, spec: { containers, volumes: [{ name: 'v', emptyDir: {} }] } };
    const { object } = await cluster.createPod(namespace, pod, '?dryRun=All');
    return object.spec?.containers[0]?.env?.[0]?.valueFrom;
  };

  const outcomeOf = async (isCreated: () => Promise<boolean>): Promise<string> => {
    try {
      return (await isCreated()) ? 'takes' : 'drops';
    } catch (error) {
      if (error instanceof ApiError && error.status >= 400 && error.status < 500) return 'refuses';
      throw error;
    }
  };

  const outcomeOfVolume = (volume: V1Volume) =>
    outcomeOf(async () => isAsDeclared(volume, await created(volume), 'volume'));

  const outcomeOfVariable = (valueFrom: V1EnvVarSource) =>
    outcomeOf(async () => isAsDeclared({ valueFrom }, { valueFrom: await createdVariable(valueFrom) }, 'env'));

  /** Skips where an older API server, or one whose feature gate is off, drops what the newest has. */
  const isOutcome = async (test: Context, outcome: string, expected: string): Promise<void> => {
    if (outcome !== 'drops' || expected === 'drops' || isNewest) return void expect(outcome).to.equal(expected);
    console.log(`    skipped, this API server drops ${test.test?.title}: a feature gate of it is off`);
    test.skip();
  };

  for (const { volume, server, because } of badVolumes) {
    it(`${server} ${JSON.stringify(volume)}`, async function () {
      await isOutcome(this, await outcomeOfVolume(named(volume, 'v')), server);
      if (server === 'takes') expect(because).to.be.a('string');
    });
  }

  for (const volume of goodVolumes) {
    it(`takes ${JSON.stringify(volume)}`, async function () {
      await isOutcome(this, await outcomeOfVolume(named(volume, 'v')), 'takes');
    });
  }

  for (const { valueFrom, server, because } of badVariables) {
    it(`${server} valueFrom ${JSON.stringify(valueFrom)}`, async function () {
      await isOutcome(this, await outcomeOfVariable(valueFrom), server);
      if (server === 'takes') expect(because).to.be.a('string');
    });
  }

  for (const valueFrom of goodVariables) {
    it(`takes valueFrom ${JSON.stringify(valueFrom)}`, async function () {
      await isOutcome(this, await outcomeOfVariable(valueFrom), 'takes');
    });
  }

  it('refuses a variable from a file of a volume that the Pod lacks, or that is no empty folder', async () => {
    const env = [{ name: 'V', valueFrom: { fileKeyRef: { volumeName: 'v', path: 'x', key: 'K' } } }];
    for (const volumes of [[], [{ name: 'v', configMap: { name: 'c' } }]]) {
      const pod = { metadata: { name: 'p' }, spec: { containers: [{ name: 'app', image: 'app:1', env }], volumes } };
      expect(await outcomeOf(async () => Boolean(await cluster.createPod(namespace, pod, '?dryRun=All')))).to.equal(
        'refuses',
      );
    }
  });

  it("mounts a volume whose name begins with kube-api-access- as the ServiceAccount's token", async () => {
    const volumes = [{ name: 'kube-api-access-ca', configMap: { name: 'ca' } }];
    const pod = { metadata: { name: 'p' }, spec: { containers: [{ name: 'app', image: 'app:1' }], volumes } };
    const { object } = await cluster.createPod(namespace, pod, '?dryRun=All');
    expect(object.spec?.containers[0]?.volumeMounts).to.deep.equal([
      { name: 'kube-api-access-ca', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true },
    ]);
  });

  for (const standard of ['baseline', 'restricted']) {
    it(`refuses, where Pod Security enforces ${standard}, just the volumes that are said to be refused`, async () => {
      const body = { metadata: { labels: { 'pod-security.kubernetes.io/enforce': standard } } };
      const enforcing = `test-${randomUUID().slice(0, 8)}`;
      await prepareNamespace(cluster.api, enforcing);
      const contentType = 'application/merge-patch+json';
      await cluster.api.send('PATCH', `/api/v1/namespaces/${enforcing}`, { body, contentType });
      const isRefused = async (volume: V1Volume) => {
        const pod = probePod({});
        const { message = '' } = (await dryRun(cluster.api, enforcing, {
          ...pod,
          spec: { ...pod.spec, volumes: [volume] },
        }).then(
          () => ({}),
          (error: Error) => error,
        )) as Partial<Error>;
        return message.includes('violates PodSecurity');
      };
      for (const volume of goodVolumes.map((one) => named(one, 'v'))) {
        const expected = refusingStandards(volume).includes(standard);
        expect(await isRefused(volume), JSON.stringify(volume)).to.equal(expected);
      }
    });
  }
});
