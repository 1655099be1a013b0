import type { Removed } from '../install/remove.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { action, createCommand } from '../terminal/command.ts';
import { exitStatus } from '../terminal/exit-status.ts';
import { print } from '../terminal/output.ts';
import { createProgress } from '../terminal/progress.ts';
import {
  addInstallationOptions,
  connectTo,
  type InstallationOptions,
  installationOf,
  nameOthers,
} from './installation-options.ts';

interface UndeployOptions extends InstallationOptions {
  allCopies?: boolean;
}

export const undeploy = addInstallationOptions(createCommand('undeploy'))
  .summary('remove the webhook from a cluster')
  .description(
    `Deletes the webhook configuration first, so that no Pod waits for a function that is being deleted, then everything
else that deploy, or kubectl apply -k, created, and the ConfigMaps that the function copied. Pods keep their files.
Left, and named: a copy that somebody changed or that Pods take files from, a namespace that holds anything else, a
Knative Service without our labels that no webhook of ours calls, and what a cluster has once (manifests/platform).`,
  )
  .option('--all-copies', 'also delete copies that Pods still take files from: such a Pod cannot start again')
  .action(
    action(async (options: UndeployOptions) => {
      const installation = installationOf(options);
      const { listLeft, remove } = await import('../install/remove.ts');
      const { platformLeft } = await import('../install/platform-left.ts');
      const { titleOf } = await import('../kubernetes/object.ts');
      const api = await connectTo(options);
      print(`Cluster      ${api.server}`);
      await nameOthers(api, installation);
      const placeOf = (object: KubernetesObject) => {
        const { namespace } = object.metadata;
        return namespace === undefined ? titleOf(object) : `${titleOf(object)} in ${namespace}`;
      };
      const kept: Removed[] = [];
      const progress = createProgress();
      let isFound = false;
      for await (const removed of remove(api, installation, { usedCopies: options.allCopies ?? false, progress })) {
        isFound = true;
        if (removed.kept === undefined) print(`deleted      ${placeOf(removed.object)}`);
        else kept.push(removed);
      }
      const left = await listLeft(
        api,
        installation,
        kept.map(({ object }) => object),
      );
      const named = [...kept.map((one) => `${placeOf(one.object)}, ${one.kept}`), ...left.map(placeOf)];
      const { name, namespace } = installation;
      const rest = left.length === 0 ? `Nothing else of ${name} is left.` : 'Something is left.';
      for (const text of [...named, ...(await platformLeft(api))]) print(`left         ${text}`);
      print(`\n${isFound || left.length > 0 ? rest : `Nothing of ${name} in ${namespace} was found.`}`);
      return left.length === 0 ? exitStatus.ok : exitStatus.failed;
    }),
  );
