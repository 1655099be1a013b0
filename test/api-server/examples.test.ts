import { globSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { parseInjections } from '../../function/injections/load.ts';
import { isAsDeclared } from '../../function/review/volume-comparison.ts';
import { describeOnApiServer } from './cluster.ts';

const containers = [{ name: 'app', image: 'app:1' }];

describeOnApiServer('manifests/examples', (cluster) => {
  for (const file of globSync('*.yaml', { cwd: 'manifests/examples' })) {
    it(`${file} is sound, and its Pods are taken with the volume as it is declared`, async function () {
      const text = readFileSync(`manifests/examples/${file}`, 'utf8');
      const injections = parseInjections(text, file);
      const namespace = await cluster.namespaceWith(await cluster.startFunction(text), text);
      for (const { name, selector, volume, mounts } of injections) {
        if (!volume) throw new Error(`${name} has no volume`);
        await cluster.requireSource(this, namespace, volume);
        const pod = { metadata: { name, labels: selector.matchLabels }, spec: { containers } };
        // A dry run copies no ConfigMaps, which this function has no access for.
        const { object, warnings } = await cluster.createPod(namespace, pod, '?dryRun=All');
        expect(warnings).to.deep.equal([]);
        const stored = object.spec?.volumes?.find((one) => one.name === volume.name);
        expect(isAsDeclared(volume, stored, 'volume'), JSON.stringify(stored)).to.equal(true);
        expect(object.spec?.containers[0]?.volumeMounts).to.deep.include.members(mounts);
      }
    });
  }
});
