import { readdirSync, readFileSync } from 'node:fs';
import type { V1Volume } from '@kubernetes/client-node';
import { expect } from 'chai';
import type { Context } from 'mocha';
import { parseInjections } from '../../function/configuration.ts';
import { isAsDeclared } from '../../function/stored.ts';
import { volumeFieldProblems } from '../../scripts/volume-fields.ts';
import { type Cluster, describeOnApiServer } from './cluster.ts';

const containers = [{ name: 'app', image: 'app:1' }];

describeOnApiServer('manifests/examples', (cluster) => {
  for (const file of readdirSync('manifests/examples')) {
    it(`${file} is sound, and its Pods are taken with the volume as it is declared`, async function () {
      const text = readFileSync(`manifests/examples/${file}`, 'utf8');
      const injections = parseInjections(text, file, volumeFieldProblems);
      const namespace = await cluster.namespaceWith(await cluster.startFunction(text), text);
      for (const { name, selector, volume, mount } of injections) {
        await requireSource(this, cluster, namespace, volume);
        const pod = { metadata: { name, labels: selector.matchLabels }, spec: { containers } };
        // A dry run copies no ConfigMaps, which this function has no access for.
        const { object, warnings } = await cluster.createPod(namespace, pod, '?dryRun=All');
        expect(warnings).to.deep.equal([]);
        const stored = object.spec?.volumes?.find((one) => one.name === volume.name);
        expect(isAsDeclared(volume, stored, 'volume'), JSON.stringify(stored)).to.equal(true);
        expect(object.spec?.containers[0]?.volumeMounts).to.deep.include(mount);
      }
    });
  }
});

/** Skips where this API server drops the volume's source, one that is not on by default in its version. */
async function requireSource(test: Context, cluster: Cluster, namespace: string, volume: V1Volume): Promise<void> {
  const pod = { metadata: { name: 'source' }, spec: { containers, volumes: [volume] } };
  const { object } = await cluster.createPod(namespace, pod, '?dryRun=All');
  if (object.spec?.volumes?.some(({ name }) => name === volume.name)) return;
  console.log(`    skipped, this API server drops ${JSON.stringify(volume)}: a feature gate of it is off`);
  test.skip();
}
