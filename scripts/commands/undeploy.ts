/** `npm run undeploy`: takes the webhook out of a cluster. */
import { clusterOptions, clusterUsage, installationOf } from '../install/installation.ts';
import { platformLeft } from '../install/platform-left.ts';
import { leftOf, removeInstallation } from '../install/removal.ts';
import { deleteAll } from '../install/rollout.ts';
import { connect, type KubernetesObject } from '../kubernetes/client.ts';
import { titleOf } from '../kubernetes/manifest.ts';
import { createProgress, runCommand } from '../terminal/command.ts';
import { readOptions } from '../terminal/options.ts';

const usage = `npm run undeploy [-- --all-copies]

Deletes the webhook configuration first, so that no Pod waits for a function that is going, then all the rest of what
deploy, or kubectl apply -k, has made, and the ConfigMaps that the function has copied. Pods keep the files they have.
Left, and named: a copy that somebody has changed or that Pods take files from, a namespace that holds anything else, a
Knative Service without our labels that no webhook of ours calls, and what a cluster has once (manifests/platform).

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
  const kept = await removeInstallation(api, installation, { remove, usedCopies: options['all-copies'] });
  const left = await leftOf(api, installation, kept);
  const named = [...kept.map(({ object, reason }) => `${placeOf(object)}, ${reason}`), ...left.map(placeOf)];
  for (const text of [...named, ...(await platformLeft(api))]) console.log(`left         ${text}`);
  console.log(left.length === 0 ? `\nNothing else of ${options.name} is left.` : '\nSomething is left.');
  return left.length === 0 ? 0 : 1;
});

function placeOf(object: KubernetesObject): string {
  const { namespace } = object.metadata;
  return namespace === undefined ? titleOf(object) : `${titleOf(object)} in ${namespace}`;
}
