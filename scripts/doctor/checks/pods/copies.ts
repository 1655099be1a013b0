import type { V1ConfigMap } from '@kubernetes/client-node';
import { hasSameContent } from '../../../../function/copies/copy.ts';
import { type Copy, isEnsured, listCopies } from '../../../install/copies.ts';
import { list } from '../../../kubernetes/read.ts';
import { commandLine } from '../../../terminal/command-line.ts';
import { type Finding, ok, warning } from '../../../terminal/finding.ts';
import { check, resultOf } from '../../check.ts';
import { labelsOf } from '../../namespaces.ts';
import { count, someOf } from '../../text.ts';
import { namespaces } from '../admission/namespaces.ts';
import { injections } from '../function/injections.ts';

/** Whether the ConfigMaps that the function has copied (`ensure`) are up to date with their sources. */
export const copies = check(
  'copies',
  'Copies',
  [resultOf(injections), namespaces],
  async ({ api, installation }, deployed, known) => {
    const labelled = await listCopies(api, installation);
    const all = labelled.filter((copy) => isEnsured(copy, deployed, labelsOf(known, copy.metadata.namespace)));
    if (all.length === 0) return { findings: [] };
    const sources = await list<V1ConfigMap>(api, `/api/v1/namespaces/${installation.namespace}/configmaps`);
    return { findings: [copyFinding(all, sources)] };
  },
);

/** What copies come to: a warning that names those that are out of date. */
export function copyFinding(all: readonly Copy[], sources: readonly V1ConfigMap[]): Finding {
  const stale = all.filter((copy) => {
    const source = sources.find(({ metadata }) => metadata?.name === copy.metadata.name);
    return source && !hasSameContent(copy, source);
  });
  if (stale.length === 0) return ok(`${count(all.length, 'ConfigMap')} copied, up to date`);
  const names = stale.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
  return warning(`${count(stale.length, 'copied ConfigMap')} out of date: ${someOf(names)}`, commandLine('sync'));
}
