import { existsSync } from 'node:fs';
import { stringify } from 'yaml';
import { pauseImage } from './images.ts';
import { nodeAddress } from './namespaces.ts';
import { configuration, dns, podAddresses } from './network.ts';
import { cniPluginDirectories } from './requirements.ts';
import { cgroup } from './state.ts';

/** The node's configuration files, the text of each by its name; their keys and certificates are those of credentials.ts. */
export function nodeConfiguration({ apiServerDns }: { apiServerDns: boolean }): Record<string, string> {
  return {
    'kubelet.yaml': stringify(kubelet),
    'kube-proxy.yaml': stringify(kubeProxy),
    'containerd.toml': containerd(),
    'pods.conflist': JSON.stringify(podNetwork),
    Corefile: corefile,
    // Of the API server above all; Pods are given the cluster's DNS by the kubelet.
    'resolv.conf': `nameserver ${apiServerDns ? dns.address : '127.0.0.1'}\n`,
  };
}

const kubelet = {
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  authentication: {
    anonymous: { enabled: false },
    webhook: { enabled: true },
    x509: { clientCAFile: configuration('ca.crt') },
  },
  authorization: { mode: 'Webhook' },
  tlsCertFile: configuration('kubelet.crt'),
  tlsPrivateKeyFile: configuration('kubelet.key'),
  containerRuntimeEndpoint: 'unix:///run/containerd/containerd.sock',
  cgroupDriver: 'cgroupfs',
  cgroupRoot: `/${cgroup}`,
  failCgroupV1: false,
  failSwapOn: false,
  clusterDNS: [dns.address],
  clusterDomain: 'cluster.local',
  // However full the machine's disk is: an image that was loaded cannot be pulled again.
  evictionHard: {},
  imageGCHighThresholdPercent: 100,
  maxPods: 200,
  serializeImagePulls: false,
  volumePluginDir: '/var/lib/kubelet/plugins-exec',
};

const kubeProxy = {
  apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
  kind: 'KubeProxyConfiguration',
  mode: 'iptables',
  clusterCIDR: podAddresses,
  clientConnection: { kubeconfig: configuration('kube-proxy.kubeconfig') },
  // The machine's limits stay as they are.
  conntrack: { maxPerCore: 0 },
};

/** Says only what differs from containerd's defaults. */
function containerd(): string {
  return `version = 2
[plugins."io.containerd.internal.v1.opt"]
  path = "/var/lib/containerd/opt"
[plugins."io.containerd.grpc.v1.cri"]
  # Root in a container may not lower it.
  restrict_oom_score_adj = true
  sandbox_image = "${pauseImage}"
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "${cniPluginDirectories.find((directory) => existsSync(directory))}"
  # Of the files there, CNI's are those named .conf, .conflist and .json.
  conf_dir = "${configuration('')}"
`;
}

const podNetwork = {
  cniVersion: '1.0.0',
  name: 'pods',
  plugins: [
    {
      type: 'bridge',
      bridge: 'cni0',
      isGateway: true,
      hairpinMode: true,
      ipam: { type: 'host-local', ranges: [[{ subnet: podAddresses }]], routes: [{ dst: '0.0.0.0/0' }] },
    },
    { type: 'portmap', capabilities: { portMappings: true } },
  ],
};

const corefile = `.:${dns.nodePort} {
  bind ${nodeAddress}
  errors
  kubernetes cluster.local in-addr.arpa {
    kubeconfig ${configuration('admin.kubeconfig')}
    pods insecure
  }
  cache 5
}
`;
