import type { V1Deployment } from '@kubernetes/client-node';
import { broken, type Finding, ok } from '../terminal/finding.ts';
import { shell } from '../terminal/output.ts';

interface Product {
  name: string;
  namespace: string;
  /** Its Deployments, by the names that `nameOf` gives them. */
  needed: readonly string[];
  nameOf: (deployment: V1Deployment) => string | undefined;
  /** How to install it. */
  fix: string;
}

/** Whether a product's Deployments are all there, each with an available Pod. */
export function deploymentsFinding(
  { name, namespace, needed, nameOf, fix }: Product,
  deployments: readonly V1Deployment[],
): Finding {
  const missing = needed.filter((part) => !deployments.some((deployment) => nameOf(deployment) === part));
  if (missing.length > 0) return broken(`${name} has no Deployment ${missing.join(', ')}`, fix);
  const idle = deployments
    .filter((deployment) => needed.includes(nameOf(deployment) ?? '') && !deployment.status?.availableReplicas)
    .map(({ metadata }) => metadata?.name);
  if (idle.length > 0)
    return broken(`no Pod of Deployment ${idle.join(', ')} is available`, shell`kubectl -n ${namespace} get pod`);
  const version = deployments[0]?.metadata?.labels?.['app.kubernetes.io/version'] ?? '';
  return ok(`${`${name} ${version}`.trim()}, ${needed.join(', ')} available`);
}
