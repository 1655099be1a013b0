import { Option } from 'commander';
import { action, createCommand } from '../terminal/command.ts';
import { exitStatus, UsageError } from '../terminal/exit-status.ts';
import { createProgress } from '../terminal/progress.ts';
import { type ClusterOptions, connectTo, contextOption, parseName } from './installation-options.ts';

interface DemoOptions extends ClusterOptions {
  file?: string[];
  keep?: boolean;
  apiServer: boolean;
  namespace: string;
}

export const demo = createCommand('demo')
  .summary('show the main job, here or in a cluster')
  .description(
    `Without --context: starts the function behind HTTPS, sends it the Pods of manifests/demo the way an API server does,
and shows them as they would be stored; then the same on a real etcd and kube-apiserver. Those are of KUBEBUILDER_ASSETS
where it is set; otherwise they are downloaded the first time (from ENVTEST_MIRROR where it is set) or else built from
their Go modules, some 5 minutes on 2 cores. With them at hand, the function alone is left out. Stops everything at the
end. INJECTIONS=FILE replaces the default injections.

With --context: creates the Pods busybox-1 and busybox-2 in that cluster, which has the webhook, waits until they run,
shows the file in busybox-1 and its absence in busybox-2, and deletes what it created.`,
  )
  .addOption(
    new Option(
      '-f, --file <file>',
      'without --context: another manifest; of a workload, the Pod of its template is created',
    ).argParser((file: string, files: string[] | undefined) => [...(files ?? []), file]),
  )
  .option('--keep', 'keep it running until Ctrl-C; in a cluster, keep the Pods')
  .addOption(new Option('--no-api-server', 'stop after the function alone').conflicts(['keep', 'context']))
  .addOption(contextOption)
  .addOption(
    new Option('-n, --namespace <name>', "the Pods' namespace in a cluster, created if missing")
      .default('hello-demo')
      .argParser(parseName),
  )
  .action(
    action(async ({ file: files, keep = false, apiServer, context, namespace }: DemoOptions, { cleanup }) => {
      if (context === undefined) {
        const { demoHere } = await import('../local/demo.ts');
        return demoHere({ files, keep, apiServer }, cleanup);
      }
      if (files) throw new UsageError('--file is for the demo without --context: leave one of them out');
      const { demoOnCluster } = await import('../install/demo.ts');
      const api = await connectTo({ context });
      const isDone = await demoOnCluster(api, { namespace, keep }, { progress: createProgress(), cleanup });
      return isDone ? exitStatus.ok : exitStatus.failed;
    }),
  );
