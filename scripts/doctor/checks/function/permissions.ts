import type { V1ServiceAccount, V1SubjectAccessReview } from '@kubernetes/client-node';
import type { Injection } from '../../../../function/review/injection.ts';
import type { Installation } from '../../../install/installation.ts';
import { ensuredConfigMaps } from '../../../install/render.ts';
import type { KubernetesApi } from '../../../kubernetes/client.ts';
import { read } from '../../../kubernetes/read.ts';
import { broken, type Finding, ok } from '../../../terminal/finding.ts';
import { type Seen, unseen } from '../../check.ts';
import type { Deployed } from './function.ts';

const link = 'ensure';
const fix = 'npm run deploy, without --no-ensure';

/** What `ensure` needs: each ConfigMap to be copied, and the function's token and rights to do so. */
export async function lookAtRights(
  api: KubernetesApi,
  { namespace }: Installation,
  { wanted }: Deployed,
  injections: readonly Injection[],
): Promise<Seen<true>> {
  const names = ensuredConfigMaps(injections);
  if (names.length === 0) return { findings: [], found: true };
  const account = wanted.serviceAccountName ?? 'default';
  const looks = [
    sourcesMissing(api, namespace, names),
    tokenMissing(api, namespace, account, wanted.automountServiceAccountToken),
    rightsMissing(api, namespace, account, names),
  ];
  // What one must not look at is no reason to keep back what the others show.
  const shown = await Promise.all(looks.map((look) => look.catch((error) => [unseen(link, error)])));
  const findings = shown.flat();
  const good = ok(link, `ServiceAccount ${account} may copy ConfigMap ${names.join(', ')} from ${namespace}`);
  return { findings: findings.length > 0 ? findings : [good], found: true };
}

async function sourcesMissing(api: KubernetesApi, namespace: string, names: readonly string[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const name of names) {
    if (await read(api, `/api/v1/namespaces/${namespace}/configmaps/${name}`)) continue;
    const create = `kubectl -n ${namespace} create configmap ${name} --from-file=…`;
    findings.push(broken(link, `ConfigMap ${name} is not there in ${namespace}, to be copied from`, create));
  }
  return findings;
}

async function tokenMissing(
  api: KubernetesApi,
  namespace: string,
  account: string,
  automount: boolean | undefined,
): Promise<Finding[]> {
  const there = await read<V1ServiceAccount>(api, `/api/v1/namespaces/${namespace}/serviceaccounts/${account}`);
  const where = `ServiceAccount ${account}`;
  if (!there) return [broken(link, `${where} is not there in ${namespace}`, fix)];
  const hasToken = automount ?? there.automountServiceAccountToken ?? true;
  return hasToken ? [] : [broken(link, `the function gets no token of ${where} (automountServiceAccountToken)`, fix)];
}

/** What function/copies/config-maps.ts does: it looks, and creates by a server-side apply. */
const verbs = ['get', 'create', 'patch'];

async function rightsMissing(
  api: KubernetesApi,
  namespace: string,
  account: string,
  names: readonly string[],
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const name of names) {
    const missing: string[] = [];
    for (const verb of verbs) if (!(await may(api, { namespace, account, verb, name }))) missing.push(verb);
    const text = `ServiceAccount ${account} may not ${missing.join(', ')} ConfigMap ${name} in every namespace`;
    if (missing.length > 0) findings.push(broken(link, text, fix));
  }
  return findings;
}

async function may(
  api: KubernetesApi,
  { namespace, account, verb, name }: { namespace: string; account: string; verb: string; name: string },
): Promise<boolean> {
  const body = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: {
      user: `system:serviceaccount:${namespace}:${account}`,
      groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
      // No namespace stands for all of them.
      resourceAttributes: { verb, version: 'v1', resource: 'configmaps', name },
    },
  };
  const path = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
  return (await api.send<V1SubjectAccessReview>('POST', path, { body })).object.status?.allowed ?? false;
}
