import { ensuredConfigMaps } from '../../../../function/review/injection.ts';
import { read } from '../../../kubernetes/read.ts';
import { broken, type Finding, ok } from '../../../terminal/finding.ts';
import { shell } from '../../../terminal/output.ts';
import { check, resultOf } from '../../check.ts';
import { injections } from './injections.ts';

/** The ConfigMaps that the function is to copy (`ensure`). */
export const copySources = check(
  'copy-sources',
  'Sources of copies',
  [resultOf(injections)],
  async ({ api, installation: { namespace } }, all) => {
    const findings: Finding[] = [];
    for (const name of ensuredConfigMaps(all)) {
      const source = await read(api, `/api/v1/namespaces/${namespace}/configmaps/${name}`);
      const create = shell`kubectl -n ${namespace} create configmap ${name} --from-file=…`;
      findings.push(
        source
          ? ok(`ConfigMap ${name} found in ${namespace}`)
          : broken(`ConfigMap ${name}, to be copied, not found in ${namespace}`, create),
      );
    }
    return { findings };
  },
);
