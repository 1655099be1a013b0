import { basename, join } from 'node:path';
import { inside, nodeAddress } from './namespaces.ts';
import { apiServerPort, configuration, nodeName, podAddresses, serviceAddresses } from './network.ts';
import { fileOf, type ProgramName } from './programs.ts';

const etcd = 'http://127.0.0.1:2379';

/** The options of each program. */
const options = {
  etcd: {
    'data-dir': '/var/lib/etcd',
    'listen-client-urls': etcd,
    'advertise-client-urls': etcd,
    'listen-peer-urls': 'http://127.0.0.1:2380',
    'unsafe-no-fsync': 'true',
  },
  'kube-apiserver': {
    'etcd-servers': etcd,
    'advertise-address': nodeAddress,
    'secure-port': `${apiServerPort}`,
    'service-cluster-ip-range': serviceAddresses,
    'allow-privileged': 'true',
    'authorization-mode': 'Node,RBAC',
    'enable-admission-plugins': 'NodeRestriction',
    'client-ca-file': configuration('ca.crt'),
    'tls-cert-file': configuration('kube-apiserver.crt'),
    'tls-private-key-file': configuration('kube-apiserver.key'),
    'kubelet-preferred-address-types': 'InternalIP',
    'kubelet-certificate-authority': configuration('ca.crt'),
    'kubelet-client-certificate': configuration('admin.crt'),
    'kubelet-client-key': configuration('admin.key'),
    'service-account-issuer': 'https://kubernetes.default.svc.cluster.local',
    'service-account-key-file': configuration('service-account.key'),
    'service-account-signing-key-file': configuration('service-account.key'),
  },
  'kube-controller-manager': {
    ...kubeconfigs('kube-controller-manager'),
    'root-ca-file': configuration('ca.crt'),
    'service-account-private-key-file': configuration('service-account.key'),
    'use-service-account-credentials': 'true',
    'leader-elect': 'false',
    'cluster-cidr': podAddresses,
  },
  'kube-scheduler': { ...kubeconfigs('kube-scheduler'), 'leader-elect': 'false' },
  kubelet: {
    config: configuration('kubelet.yaml'),
    kubeconfig: configuration('kubelet.kubeconfig'),
    'hostname-override': nodeName,
    'node-ip': nodeAddress,
  },
  'kube-proxy': { config: configuration('kube-proxy.yaml'), 'hostname-override': nodeName },
  coredns: { conf: configuration('Corefile') },
} satisfies Partial<Record<ProgramName, Record<string, string>>>;

/** Those that the others give up without; a command line by the name of each program. */
export const firstPrograms = {
  containerd: ['containerd', '--config', configuration('containerd.toml')],
  ...commandLines('etcd', 'kube-apiserver'),
};

/** All others, in any order. */
export const otherPrograms = commandLines(
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kube-proxy',
  'coredns',
);

function commandLines(...programs: (keyof typeof options)[]): Record<string, string[]> {
  const commandLine = (program: keyof typeof options) => [
    join(inside, 'programs', basename(fileOf(program))),
    ...Object.entries(options[program]).map(([option, value]) => `--${option}=${value}`),
  ];
  return Object.fromEntries(programs.map((program) => [program, commandLine(program)]));
}

function kubeconfigs(name: string): Record<string, string> {
  const file = configuration(`${name}.kubeconfig`);
  return { kubeconfig: file, 'authentication-kubeconfig': file, 'authorization-kubeconfig': file };
}
