import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { connect, type KubernetesApi } from '../../../scripts/kubernetes/client.ts';
import { readYaml } from '../../../scripts/workloads/yaml-file.ts';
import { expectAsIn } from '../../support/fixtures.ts';
import { newNamespace } from '../cluster.ts';
import { furthers, furtherTrial } from './further.ts';
import { createPersistentVolume, createVolumeObjects, kinds } from './kinds.ts';
import { nestings, nestingsByCell, nestingTable, nestingTrial } from './nested.ts';
import { type NodePath, nodePaths, nodePathTrial, runPaths } from './node-paths.ts';
import { image, type Outcome, runTrials, type Trial } from './trials.ts';

/** What nodes do, beside the code that goes by it. */
const table = fileURLToPath(new URL('../../../function/review/nesting.yaml', import.meta.url));
/** An image in which /var/run is a link to /run, as in most, from where the cluster's nodes can get it. */
const linkedImage = process.env.LINKED_IMAGE;
/** Every combination, in some six minutes, or one for each cell of the table, in two. */
const combinations = process.env.MOUNTS === 'all' ? nestings : nestingsByCell;

/**
 * Makes the table of nesting.yaml on a real cluster, and compares; UPDATE_FIXTURES=1 writes it. Its Pods are created in
 * a namespace of their own, where Pod Security allows hostPath; on the nodes, files stay in /var/tmp.
 */
describe('what a node does with mounts', function () {
  this.timeout(1_800_000);
  const cleanup = new AsyncDisposableStack();
  let api: KubernetesApi;
  let namespace: string;

  before(async function () {
    const reason = existsSync(process.env.KUBECONFIG ?? '')
      ? undefined
      : 'set KUBECONFIG to the kubeconfig of a cluster';
    if (reason && process.env.CI) throw new Error(reason);
    if (reason) {
      console.log(`    skipped: ${reason}`);
      this.skip();
    }
    api = connect();
    namespace = await newNamespace(api, cleanup, { 'pod-security.kubernetes.io/enforce': 'privileged' });
    await createVolumeObjects(api, namespace, cleanup);
    await createPersistentVolume(api, namespace, 'ephemeral', cleanup);
  });
  after(() => cleanup.disposeAsync());

  it('where one mount is inside another, by their kinds', async () => {
    const isTried = await canMountImages(api, namespace);
    if (!isTried) console.log('      without image volumes: this cluster has none');
    const tried = combinations.filter(({ outer, inner }) => isTried || !(outer.isWhole || inner.isWhole));
    const outcomes = await outcomesOf(tried, (nesting, name) => nestingTrial(nesting, name, namespace));
    expectSection('nested', nestingTable(outcomes), !isTried);
  });

  it('where one mount is inside another, in other ways', async () => {
    const outcomes = await outcomesOf(furthers, (further, name) => furtherTrial(further, name, namespace));
    expectSection('further', Object.fromEntries([...outcomes].map(([{ title }, outcome]) => [title, outcome])));
  });

  it('where something is mounted at, in or around what no Pod spells out', async () => {
    expectSection('paths', await pathTable(nodePaths, image));
  });

  it('where something is mounted at, in or around /run, and /var/run is a folder', async () => {
    expectSection('paths where /var/run is a folder', await pathTable(runPaths, image));
  });

  it('where something is mounted at, in or around /run, and /var/run is a link to it', async function () {
    if (!linkedImage) {
      console.log('      skipped: set LINKED_IMAGE to an image with that link');
      return this.skip();
    }
    expectSection('paths where /var/run is /run', await pathTable(runPaths, linkedImage));
  });

  async function outcomesOf<T>(
    subjects: readonly T[],
    trialOf: (subject: T, name: string) => Trial,
  ): Promise<Map<T, Outcome>> {
    const trials = subjects.map((subject, index) => trialOf(subject, `trial-${subjects.length}-${index}`));
    const outcomes = await runTrials(api, namespace, trials);
    return new Map(subjects.map((subject, index) => [subject, outcomes.get(trials[index]?.name ?? '') ?? '']));
  }

  async function pathTable(paths: readonly NodePath[], inImage: string): Promise<object> {
    const outcomes = await outcomesOf(paths, (path, name) => nodePathTrial(path, name, inImage));
    const rows: Record<string, Record<string, Outcome>> = {};
    for (const [{ title, shape }, outcome] of outcomes) rows[title] = { ...rows[title], [shape]: outcome };
    return rows;
  }
});

async function canMountImages(api: KubernetesApi, namespace: string): Promise<boolean> {
  const kind = kinds.find(({ isWhole }) => isWhole);
  if (!kind) return false;
  const spec = { volumes: [kind.volume('outer', namespace)] };
  const container = { volumeMounts: [{ name: 'outer', mountPath: '/outer' }] };
  // Where the feature is off, the API server makes an empty directory of it.
  const demands = { 'no image': kind.isFile('outer', `/outer/${kind.file}`) };
  const outcomes = await runTrials(api, namespace, [{ name: 'image', spec, container, demands }]);
  return outcomes.get('image') === 'works';
}

/** Compares a section of the table; only the rows that are there, where some could not be made. */
function expectSection(name: string, rows: object, isPartial = false): void {
  const known = readYaml(table) as Record<string, object> | undefined;
  expectAsIn(table, { ...known, [name]: isPartial ? { ...known?.[name], ...rows } : rows });
}
