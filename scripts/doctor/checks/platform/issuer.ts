import { relativeManifestPath } from '../../../install/manifests.ts';
import { issuerName, readIssuer } from '../../../install/platform.ts';
import { notReady } from '../../../kubernetes/conditions.ts';
import { broken, ok } from '../../../terminal/finding.ts';
import { shell } from '../../../terminal/output.ts';
import { check, explainedBy } from '../../check.ts';
import { certManager } from './cert-manager.ts';

/** The ClusterIssuer of the certificates that the API server is to trust. */
export const issuer = check('issuer', 'Issuer', [explainedBy(certManager)], async ({ api }) => {
  const reason = notReady(await readIssuer(api));
  const title = `ClusterIssuer ${issuerName}`;
  if (reason === undefined) return { findings: [ok(`${title} is ready`)] };
  return {
    findings: [broken(`${title} ${reason}`, shell`kubectl apply -k ${relativeManifestPath('platform/issuer')}`)],
  };
});
