import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { programsDirectory } from './programs.ts';
import { record, stateDirectory } from './state.ts';

/** Where the node's processes see what they need of the outside: `programs`, `etc`, `log`. */
export const inside = '/run/node';

/** The node's address, from a range that is for documentation. */
export const nodeAddress = '192.0.2.10';

/**
 * Namespaces of its own for the node's processes, mounts and network. Its first process is what they live by: when it
 * ends, the kernel ends all the others, and their mounts and interfaces go with them.
 */
export interface Namespaces {
  /** Runs a command in them, with a file of the machine's as its stdin; returns its stdout. Throws with its stderr where it fails. */
  run(command: string[], input?: string): Promise<string>;
  /** Starts a program in them, with its output in a log of that name, until they end. */
  start(name: string, command: string[]): void;
  /** Starts a program on their network that can be sent messages; its files are the machine's. */
  fork(command: string[]): ChildProcess;
  /** Rejects once a started program has ended, with the end of its log. */
  failure: Promise<never>;
  /** How a person gets in: `nsenter --target 4711 …`. */
  enter: string;
}

/**
 * What the first process does. /run and /var are the node's own, so that the programs keep their usual paths and nothing
 * of them stays on the machine; so are the kernel's settings that the kubelet changes for itself. /bin/sh collects the
 * processes whose parents have ended, as a first process must.
 */
const firstProcess = `set -e
mount --make-rshared /
mount -t tmpfs -o mode=755 tmpfs /run
mkdir ${inside} ${inside}/programs ${inside}/etc ${inside}/log
mount --bind '${programsDirectory}' ${inside}/programs
mount --bind ${stateDirectory}/etc ${inside}/etc
mount --bind ${stateDirectory}/log ${inside}/log
mount --bind ${stateDirectory}/var /var
resolv=$(readlink -m /etc/resolv.conf)
mkdir -p "$(dirname "$resolv")"
[ -e "$resolv" ] || touch "$resolv"
mount --bind ${inside}/etc/resolv.conf "$resolv"
for setting in vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys kernel/keys/root_maxbytes
do
  mkdir -p "$(dirname ${inside}/sysctl/$setting)"
  cat /proc/sys/$setting > ${inside}/sysctl/$setting
  mount --bind ${inside}/sysctl/$setting /proc/sys/$setting
done
ip link set lo up
ip link add node0 type bridge
ip address add ${nodeAddress}/24 dev node0
ip link set node0 up
ip route add default dev node0
echo 1 > /proc/sys/net/ipv4/ip_forward
echo 1 > /proc/sys/net/bridge/bridge-nf-call-iptables
echo ready
sleep 2147483647 &
wait`;

/** Makes them, once the state directory holds `etc`, `log` and `var`; they end with this process, or when it removes its state. */
export async function createNamespaces(): Promise<Namespaces> {
  // The signal that its parent's end sends to it is kept over an exec, and unshare hands it on to the first process.
  const unshare = ['unshare', '--mount', '--net', '--pid', '--fork', '--kill-child=KILL', '--mount-proc'];
  const script = join(stateDirectory, 'etc/first-process.sh');
  writeFileSync(script, firstProcess);
  const node = spawn('setpriv', ['--pdeathsig', 'KILL', ...unshare, 'sh', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // Ctrl-C is for the command, which takes the node down.
    detached: true,
  });
  const errors = text(node.stderr);
  const failed = once(node, 'close').then(async () => {
    throw new Error(`the node's namespaces cannot be made: ${await errors}`);
  });
  failed.catch(() => {});
  await Promise.race([once(node.stdout, 'data'), failed]);
  const pid = firstProcessOf(node.pid);
  record('node', pid);
  return namespacesOf(pid);
}

/** The child of unshare. */
function firstProcessOf(unshare: number | undefined): number {
  return Number(readFileSync(`/proc/${unshare}/task/${unshare}/children`, 'utf8'));
}

function namespacesOf(pid: number): Namespaces {
  const enter = ['nsenter', '--target', `${pid}`, '--mount', '--net', '--pid'];
  const into = (command: string[]) => ['--target', ...enter.slice(2), ...command];
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => {});
  return {
    run: async (command, input) => {
      const stdin = openSync(input ?? '/dev/null', 'r');
      const child = spawn('nsenter', into(command), { stdio: [stdin, 'pipe', 'pipe'] });
      closeSync(stdin);
      const [stdout, stderr, [status]] = await Promise.all([
        child.stdout && text(child.stdout),
        child.stderr && text(child.stderr),
        once(child, 'close'),
      ]);
      if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}: ${stderr?.trim()}`);
      return stdout ?? '';
    },
    start: (name, command) => {
      const log = join(stateDirectory, 'log', `${name}.log`);
      const output = openSync(log, 'a');
      const child = spawn('nsenter', into(command), { stdio: ['ignore', output, output], detached: true });
      closeSync(output);
      child.once('close', (status) => {
        // As the node is taken down, its logs may be gone.
        const end = existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n').slice(-20).join('\n') : '';
        failure.reject(new Error(`${name} ended with ${status}:\n${end}`));
      });
    },
    fork: (command) =>
      spawn('nsenter', ['--target', `${pid}`, '--net', '--pid', ...command], {
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
        detached: true,
      }),
    failure: failure.promise,
    enter: enter.join(' '),
  };
}
