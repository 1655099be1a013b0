import type { V1PodSpec, V1Volume, V1VolumeMount } from '@kubernetes/client-node';
import { expect } from 'chai';
import { systemPathProblem } from '../../function/injections/system-paths.ts';
import { conflictInContainer } from '../../function/review/mount-conflict.ts';
import { NamedVolumes } from '../../function/review/named-volumes.ts';
import { nestingConflict } from '../../function/review/nesting.ts';
import { readYaml } from '../../scripts/workloads/yaml-file.ts';
import { furthers, furtherVolumes } from '../e2e/mounts/further.ts';
import { nestings, nestingTrial } from '../e2e/mounts/nested.ts';
import { type NodePath, nodePaths, nodePathVolumes, runPaths } from '../e2e/mounts/node-paths.ts';

type Rows = Record<string, Record<string, string>>;
const table = readYaml('function/review/nesting.yaml') as Record<string, Rows> & { further: Record<string, string> };

/** Of two paths that are as deep, one through /var/run, containerd mounts the later later; others need not. */
const cautious: ReadonlySet<string> = new Set(['emptyDir at /var/run, with the message at /run/message']);

/** What is injected is what works on nodes, by the table that they made. */
describe('nesting.yaml', () => {
  for (const [row, outcomes] of Object.entries(table.nested ?? {})) {
    for (const [inside, outcome] of Object.entries(outcomes)) {
      it(`is right of a ${inside} inside ${row}: ${outcome}`, () => {
        const alike = nestings.filter(({ outer, isReadOnly, isFile }) => {
          return row === `${outer.name}${isReadOnly ? ', readOnly' : ''}` && inside === (isFile ? 'file' : 'folder');
        });
        expect(alike).to.have.length.above(10);
        for (const nesting of alike) {
          const { spec, container } = nestingTrial(nesting, 'x', 'x');
          const [outer, inner] = ['outer', 'inner'].map((name) => mounted(name, spec.volumes, container.volumeMounts));
          if (!outer || !inner) throw new Error('there are two mounts');
          expect(nestingConflict(outer, inner) === undefined, nesting.inner.name).to.equal(outcome === 'works');
        }
      });
    }
  }

  for (const further of furthers) {
    const outcome = table.further?.[further.title];
    it(`is right of ${further.title}: ${outcome}`, () => {
      const volumeMounts = [...further.mounts];
      const ours = volumeMounts.pop();
      if (!ours || !outcome) throw new Error('there is a mount, and an outcome');
      const spec = { containers: [], volumes: furtherVolumes(further.mounts, 'x') };
      const conflict = conflictInContainer({ name: 'app', volumeMounts }, ours, neighboursOf(spec));
      expect(conflict === undefined, conflict).to.equal(outcome === 'works');
    });
  }

  const sections: [paths: readonly NodePath[], ...names: string[]][] = [
    [nodePaths, 'paths'],
    [runPaths, 'paths where /var/run is a folder', 'paths where /var/run is /run'],
  ];
  for (const [paths, ...names] of sections) {
    for (const { title, shape, mount, spec, container } of paths) {
      const outcomes = names.map((name) => table[name]?.[title]?.[shape]);
      it(`is right of ${shape} at ${title}: ${[...new Set(outcomes)].join('; or, ')}`, () => {
        expect(outcomes).not.to.include(undefined);
        const { volume } = mounted(mount.name, nodePathVolumes, [mount]);
        if (!volume) throw new Error('there is a volume');
        const withoutToken = { volumes: nodePathVolumes, automountServiceAccountToken: false, ...spec };
        const neighbours = neighboursOf({ containers: [], ...withoutToken });
        const conflict =
          systemPathProblem(volume, mount) ?? conflictInContainer({ name: 'app', ...container }, mount, neighbours);
        const works = outcomes.every((outcome) => outcome === 'works');
        expect(conflict === undefined, conflict).to.equal(works && !cautious.has(`${shape} at ${title}`));
      });
    }
  }
});

function neighboursOf(spec: V1PodSpec) {
  return { spec, volumes: new NamedVolumes(spec.volumes), injected: new NamedVolumes(), isEphemeral: false };
}

function mounted(name: string, volumes: V1Volume[] = [], mounts: V1VolumeMount[] = []) {
  const mount = mounts.find((one) => one.name === name);
  if (!mount) throw new Error(`there is no mount of ${name}`);
  return { volume: volumes.find((one) => one.name === name), mount };
}
