import { callsInNamespace } from '../../../install/entry-rules.ts';
import { relativeManifestPath } from '../../../install/manifests.ts';
import { readCertManagerDeployments } from '../../../install/platform.ts';
import { commandLine } from '../../../terminal/command-line.ts';
import { broken, type Finding, ok } from '../../../terminal/finding.ts';
import { check, resultOf } from '../../check.ts';
import { labelsOf } from '../../namespaces.ts';
import { webhook } from '../connection/webhook.ts';
import { ingress } from '../platform/ingress.ts';
import { namespaces } from './namespaces.ts';

/**
 * Whether an entry may match a Pod that the function itself needs to start or to be reached: with one that waits for the
 * function in turn, a cluster does not come back by itself.
 */
export const platformPods = check(
  'platform-pods',
  'Platform Pods',
  [resultOf(webhook), resultOf(ingress), namespaces],
  async ({ api, installation }, { entries, clientConfig }, { gateway }, known) => {
    const certManager = (await readCertManagerDeployments(api)).map(({ metadata }) => metadata?.namespace ?? '');
    const needed = new Set([
      installation.namespace,
      'kube-system',
      'knative-serving',
      ...(gateway ? [gateway.namespace, ...gateway.otherNamespaces] : []),
      ...(clientConfig.service ? [clientConfig.service.namespace] : []),
      ...certManager,
    ]);
    const present = [...needed].filter((name) => known.size === 0 || known.has(name));
    const findings = entries.flatMap((entry): Finding[] => {
      const matched = present.filter((name) => callsInNamespace(entry, labelsOf(known, name))).join(', ');
      if (matched === '') return [];
      const text = `entry ${entry.name} may match Pods in ${matched}, which the function itself needs`;
      return [
        broken(
          text,
          `# add ${matched} to the namespaceSelector in ${relativeManifestPath('base/entry.yaml')}, then:\n${commandLine('deploy')}`,
        ),
      ];
    });
    return { findings: findings.length > 0 ? findings : [ok(`no entry matches Pods in ${present.join(', ')}`)] };
  },
);
