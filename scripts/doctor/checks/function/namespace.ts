import type { Conditioned } from '../../../kubernetes/conditions.ts';
import { whatHolds } from '../../../kubernetes/delete.ts';
import { read, unless } from '../../../kubernetes/read.ts';
import { commandLine } from '../../../terminal/command-line.ts';
import { broken } from '../../../terminal/finding.ts';
import { shell } from '../../../terminal/output.ts';
import { check } from '../../check.ts';

/** The function's namespace: while it is being deleted, nothing can be created in it, and what is there ends. */
export const namespace = check('namespace', 'Namespace', [], async ({ api, installation }) => {
  const { namespace: name } = installation;
  const found = await unless(403, read<Conditioned>(api, `/api/v1/namespaces/${name}`));
  if (found?.metadata.deletionTimestamp === undefined) return { findings: [] };
  const fix = [
    shell`kubectl describe namespace ${name} # delete what is left, then:`,
    commandLine('deploy', '--image IMAGE'),
  ].join('\n');
  return { findings: [broken(`namespace ${name} is being deleted: ${whatHolds(found)}`, fix)] };
});
