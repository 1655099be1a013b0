import { ensuredConfigMaps } from '../../../../function/review/injection.ts';
import { isAllowed, serviceAccountSubject } from '../../../kubernetes/access-review.ts';
import { commandLine } from '../../../terminal/command-line.ts';
import { broken, type Finding, ok } from '../../../terminal/finding.ts';
import { check, resultOf } from '../../check.ts';
import { injections } from './injections.ts';
import { knativeService } from './knative-service.ts';

/** What function/copies/config-maps.ts does: it looks, and creates by a server-side apply. */
const verbs = ['get', 'create', 'patch'];

/** The function's permissions to copy ConfigMaps (`ensure`), in every namespace. */
export const permissions = check(
  'permissions',
  'Permissions',
  [resultOf(knativeService), resultOf(injections)],
  async ({ api, installation: { namespace } }, { wanted }, all) => {
    const findings: Finding[] = [];
    const account = wanted.serviceAccountName ?? 'default';
    const subject = serviceAccountSubject(namespace, account);
    for (const name of ensuredConfigMaps(all)) {
      const missing: string[] = [];
      for (const verb of verbs) {
        // Without a namespace: in all of them.
        const attributes = { verb, version: 'v1', resource: 'configmaps', name };
        if (!(await isAllowed(api, attributes, subject))) missing.push(verb);
      }
      const where = `ConfigMap ${name} in every namespace`;
      findings.push(
        missing.length === 0
          ? ok(`ServiceAccount ${account} may ${verbs.join(', ')} ${where}`)
          : broken(
              `ServiceAccount ${account} may not ${missing.join(', ')} ${where}`,
              commandLine('deploy', '--ensure'),
            ),
      );
    }
    return { findings };
  },
);
