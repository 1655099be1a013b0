/** `npm run demo`: the main job, watched on a real API server. */
import { demoOnCluster } from '../install/demo.ts';
import { connect } from '../kubernetes/client.ts';
import { createProgress, runCommand } from '../terminal/command.ts';
import { readOptions } from '../terminal/options.ts';

const usage = `npm run demo -- [-f FILE]... [--keep]
npm run demo -- --context NAME [--namespace NAME] [--keep]

Without --context: starts a real etcd and kube-apiserver (built from their Go modules the first time, some 8 minutes), the function behind
HTTPS and its webhook, creates the Pods of manifests/demo, shows what became of them, and stops everything.
With it: creates busybox-1 and busybox-2 of them in that cluster, waits until they run, shows the file in busybox-1 and its
absence in busybox-2, and deletes what it has created.

  -f, --file FILE   another manifest; of a workload the Pod of its template is created
      --keep        leave it all running until Ctrl-C, and say how to reach it with kubectl; in a cluster, leave the Pods
      --context NAME    the kubeconfig's context of a cluster that has the webhook
  -n, --namespace NAME  where the Pods go there, made if it is not there (hello-demo)
  -h, --help        this text

INJECTIONS=FILE takes other injections than the default ones.
Exits with 0; with 1 where something failed; with 3 where there was no API server to be had, only the function.
`;

// npm runs scripts in the project, whatever directory it was called in.
process.chdir(process.env.INIT_CWD ?? '.');

await runCommand(async (cleanup) => {
  const options = readOptions(usage, {
    file: { type: 'string', short: 'f', multiple: true },
    keep: { type: 'boolean', default: false },
    context: { type: 'string' },
    namespace: { type: 'string', short: 'n', default: 'hello-demo' },
  });
  if (typeof options === 'number') return options;
  const { file: files, keep, context, namespace } = options;
  if (context === undefined) {
    // Loaded only here: its configuration is read as it is loaded.
    const { demoHere } = await import('../local/demo.ts');
    return demoHere({ files, keep }, cleanup);
  }
  if (files) throw new Error('--file is for the demo without --context');
  const isDone = await demoOnCluster(
    connect({ context }),
    { namespace, keep },
    { progress: createProgress(), cleanup },
  );
  return isDone ? 0 : 1;
});
