import type { V1ServiceAccount } from '@kubernetes/client-node';
import { ensuredConfigMaps } from '../../../../function/review/injection.ts';
import { read } from '../../../kubernetes/read.ts';
import { commandLine } from '../../../terminal/command-line.ts';
import { broken, ok } from '../../../terminal/finding.ts';
import { check, resultOf } from '../../check.ts';
import { injections } from './injections.ts';
import { knativeService } from './knative-service.ts';

const fix = commandLine('deploy', '--ensure');

/** What the function needs to call the API server, as it does to copy ConfigMaps: the token of its ServiceAccount. */
export const serviceAccount = check(
  'service-account',
  'ServiceAccount',
  [resultOf(knativeService), resultOf(injections)],
  async ({ api, installation: { namespace } }, { wanted }, all) => {
    if (ensuredConfigMaps(all).length === 0) return { findings: [] };
    const name = wanted.serviceAccountName ?? 'default';
    const title = `ServiceAccount ${name}`;
    const account = await read<V1ServiceAccount>(api, `/api/v1/namespaces/${namespace}/serviceaccounts/${name}`);
    if (!account) return { findings: [broken(`${title} not found in ${namespace}`, fix)] };
    const hasToken = wanted.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;
    if (hasToken) return { findings: [ok(`the function gets the token of ${title}`)] };
    const text = `the function does not get the token of ${title}: automountServiceAccountToken is false`;
    return { findings: [broken(text, fix)] };
  },
);
