import { join } from 'node:path';
import { inside } from './namespaces.ts';

/** The node's addresses and names, all on a network of its own. */
export const nodeName = 'node1';
export const apiServerPort = 6443;
export const serviceAddresses = '10.96.0.0/16';
/** The API server as Pods see it, the first of these addresses. */
export const kubernetesAddress = '10.96.0.1';
export const podAddresses = '10.244.0.0/24';
/** CoreDNS runs on the node; Pods reach it by the Service `kube-dns`, port 53. */
export const dns = { address: '10.96.0.10', nodePort: 5353 };

/** A file of the node's configuration, as its programs see it. */
export function configuration(name: string): string {
  return join(inside, 'etc', name);
}
