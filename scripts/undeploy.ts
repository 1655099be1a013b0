/** `npm run undeploy`: takes the webhook out of a cluster. */
import { type Copy, listCopies, podsWith } from './cluster/copies.ts';
import { clusterOptions, clusterUsage, installationOf } from './cluster/installation.ts';
import { inventory } from './cluster/inventory.ts';
import { connect, type KubernetesApi, type KubernetesObject } from './cluster/kubernetes-api.ts';
import { titleOf } from './cluster/manifest.ts';
import { deleteAll } from './cluster/rollout.ts';
import { createProgress, runCommand } from './command.ts';
import { readOptions } from './options.ts';

const usage = `npm run undeploy [-- --all-copies]

Deletes the webhook configuration first, so that no Pod waits for a function that is going, then all the rest of what
deploy, or kubectl apply -k, has made, the namespace included where it was made for it, and the ConfigMaps that
the function has copied. Pods keep the files they have.

      --all-copies       deletes copied ConfigMaps that Pods still take files from, too: such a Pod cannot start again
${clusterUsage}
  -h, --help             this text

Exits with 0 once nothing is left but what it names, with 1 where something fails.
`;

await runCommand(async () => {
  const options = readOptions(usage, { ...clusterOptions, 'all-copies': { type: 'boolean', default: false } });
  if (typeof options === 'number') return options;
  const api = connect(options.context === undefined ? {} : { context: options.context });
  const installation = installationOf(options);
  console.log(`Cluster      ${api.server}`);
  const progress = createProgress();
  const remove = async (object: KubernetesObject) => {
    await deleteAll(api, [object], progress);
    console.log(`deleted      ${placeOf(object)}`);
  };
  const copies = await listCopies(api, installation);
  const used = options['all-copies'] ? [] : await usedOf(api, copies);
  const unused = copies.filter((copy) => used.every((other) => other.copy !== copy));
  const objects = await inventory(api, installation);
  for (const object of [...objects.flatMap((object) => [object, ...secretsOf(object)]), ...unused])
    await remove(object);
  const left = await inventory(api, installation);
  for (const { copy, pods } of used)
    console.log(`left         ${placeOf(copy)}, used by ${pods.join(', ')} (--all-copies)`);
  for (const object of left) console.log(`left         ${placeOf(object)}`);
  console.log('left         what a cluster has once: kubectl delete -k manifests/platform/issuer takes it away');
  console.log(left.length === 0 ? `\nNothing else of ${options.name} is left.` : '\nSomething is left.');
  return left.length === 0 ? 0 : 1;
});

/** The copies that Pods take files from, and the Pods. */
async function usedOf(api: KubernetesApi, copies: readonly Copy[]): Promise<{ copy: Copy; pods: string[] }[]> {
  const all = await Promise.all(copies.map(async (copy) => ({ copy, pods: await podsWith(api, copy) })));
  return all.filter(({ pods }) => pods.length > 0);
}

/** The Secret that a Certificate has filled: cert-manager leaves it behind. */
function secretsOf({ kind, metadata, spec }: KubernetesObject): KubernetesObject[] {
  if (kind !== 'Certificate') return [];
  const { secretName: name } = spec as { secretName: string };
  return [{ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: metadata.namespace ?? '' } }];
}

function placeOf(object: KubernetesObject): string {
  const { namespace } = object.metadata;
  return namespace === undefined ? titleOf(object) : `${titleOf(object)} in ${namespace}`;
}
