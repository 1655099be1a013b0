import type { V1Deployment } from '@kubernetes/client-node';
import { relativeManifestPath } from '../../../install/manifests.ts';
import { readCertManagerDeployments } from '../../../install/platform.ts';
import { read } from '../../../kubernetes/read.ts';
import { broken } from '../../../terminal/finding.ts';
import { shell } from '../../../terminal/output.ts';
import { check } from '../../check.ts';
import { deploymentsFinding } from '../../deployments.ts';

/** cert-manager, whose cainjector sets the caBundle: its API, and its controllers. */
export const certManager = check('cert-manager', 'cert-manager', [], async ({ api }) => {
  const issuer = relativeManifestPath('platform/issuer');
  const fix = shell`# install cert-manager: https://cert-manager.io/docs/installation/, then:\nkubectl apply -k ${issuer}`;
  if (!(await read(api, '/apis/cert-manager.io/v1')))
    return { findings: [broken('the API server does not serve cert-manager.io/v1', fix)] };
  const deployments = await readCertManagerDeployments(api);
  const namespace = deployments[0]?.metadata?.namespace ?? 'cert-manager';
  const needed = ['cainjector', 'cert-manager', 'webhook'];
  const nameOf = ({ metadata }: V1Deployment) => metadata?.labels?.['app.kubernetes.io/name'];
  return { findings: [deploymentsFinding({ name: 'cert-manager', namespace, needed, nameOf, fix }, deployments)] };
});
