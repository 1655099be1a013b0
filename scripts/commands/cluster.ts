import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { action, createCommand } from '../terminal/command.ts';
import { commandLine } from '../terminal/command-line.ts';
import { exitStatus } from '../terminal/exit-status.ts';
import { print, printError, shell } from '../terminal/output.ts';
import { createProgress } from '../terminal/progress.ts';

interface ClusterOptions {
  installPackages?: boolean;
  apiServerDns?: boolean;
}

export const cluster = createCommand('cluster')
  .summary('bring up a cluster of one node on this machine, with Knative and cert-manager')
  .description(
    `Brings up a real Kubernetes node with Knative Serving over Contour's gateway, and cert-manager, on Linux as root, and
takes it down at Ctrl-C. It needs neither Docker nor a registry of images: its programs are built once, some 20 minutes
on 2 cores, from published Go modules, and kept in ~/.cache/hello-webhook. The node has a network of its own without a
way out; the kubeconfig that is printed works on this machine alone.

With a command: runs it with KUBECONFIG and IMAGE, the function's image on the node, set, takes the cluster down when it
ends, and ends with its exit status: ${commandLine('cluster', 'kubectl get nodes')}`,
  )
  .argument('[command...]', 'what to run, with its arguments')
  .passThroughOptions()
  .option('--install-packages', 'install the Debian packages that are missing')
  .option('--api-server-dns', 'have the API server resolve the names of Services, as few clusters do')
  .action(
    action(async ({ installPackages = false, apiServerDns = false }: ClusterOptions, { args, cleanup }) => {
      const { startCluster } = await import('../cluster/cluster.ts');
      const {
        installPackages: install,
        missingRequirements,
        packagesOf,
        readMachine,
      } = await import('../cluster/requirements.ts');
      const progress = createProgress();
      let machine = readMachine();
      const packages = packagesOf(machine.missing);
      if (installPackages && packages.length > 0) {
        progress(`installing ${packages.join(' ')}`);
        install(packages);
        machine = readMachine();
      }
      const missing = missingRequirements(machine);
      for (const { text, fix } of missing) printError(`no cluster: ${text}\n  ${fix.replaceAll('\n', '\n  ')}`);
      if (missing.length > 0) return exitStatus.noCluster;
      const { node, image, linkedImage } = await startCluster({ apiServerDns }, { progress, cleanup });
      const environment = { KUBECONFIG: node.kubeconfig, IMAGE: image };
      const [command, ...rest] = args;
      if (command !== undefined) {
        // What the tests of mounts take beside it.
        const forTests = { ...environment, LINKED_IMAGE: linkedImage };
        return Promise.race([run(command, rest, forTests, cleanup), node.namespaces.failure]);
      }
      print(`
The cluster is up; Ctrl-C takes it down. In another terminal:

${Object.entries(environment)
  .map(([name, value]) => shell`  export ${name}=${value}`)
  .join('\n')}
  ${commandLine('deploy', '--image $IMAGE')}

A shell on the node: ${node.namespaces.enter}`);
      return node.namespaces.failure;
    }),
  );

/** Runs a command until it ends; its exit status. */
async function run(
  command: string,
  args: string[],
  environment: Record<string, string>,
  cleanup: AsyncDisposableStack,
): Promise<number> {
  const child = spawn(command, args, { stdio: 'inherit', env: { ...process.env, ...environment } });
  cleanup.defer(() => stop(child));
  const [status, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return status ?? 128 + constants.signals[signal ?? 'SIGKILL'];
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'close');
}
