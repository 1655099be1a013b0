import type { V1ConfigMap } from '@kubernetes/client-node';
import { type CopyState, copyOf, stateOf } from '../../../../function/copies/copy.ts';
import { isEnsured } from '../../../../function/copies/namespaces.ts';
import { type Copy, listCopies } from '../../../install/copies.ts';
import { list } from '../../../kubernetes/read.ts';
import { commandLine } from '../../../terminal/command-line.ts';
import { type Finding, ok, warning } from '../../../terminal/finding.ts';
import { shell } from '../../../terminal/output.ts';
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
    const all = labelled.filter(({ metadata: { name, namespace } }) =>
      isEnsured(name, { name: namespace, labels: labelsOf(known, namespace) }, deployed),
    );
    if (all.length === 0) return { findings: [] };
    const sources = await list<V1ConfigMap>(api, `/api/v1/namespaces/${installation.namespace}/configmaps`);
    return { findings: copyFindings(all, sources) };
  },
);

/** What copies come to: a warning for each way to bring those up to date that are not. */
export function copyFindings(all: readonly Copy[], sources: readonly V1ConfigMap[]): Finding[] {
  const states = Map.groupBy(all, (copy): CopyState => {
    const source = sources.find(({ metadata }) => metadata?.name === copy.metadata.name);
    return source ? stateOf(copy, copyOf(source, copy.metadata.namespace)) : 'up to date';
  });
  const findings = warnings.flatMap(([state, text, fix]) => {
    const copies = states.get(state) ?? [];
    const [first] = copies;
    if (!first) return [];
    const names = copies.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
    return [warning(`${count(copies.length, 'copied ConfigMap')} ${text}: ${someOf(names)}`, fix(copies))];
  });
  return findings.length > 0 ? findings : [ok(`${count(all.length, 'ConfigMap')} copied, up to date`)];
}

type Warning = [state: CopyState, text: string, fix: (copies: readonly Copy[]) => string];

/** As sync deals with them: it leaves those alone that somebody has changed, and cannot change the immutable ones. */
const warnings: readonly Warning[] = [
  ['out of date', 'out of date', () => commandLine('sync')],
  [
    'changed',
    'changed by somebody else, which sync leaves alone',
    (copies) =>
      [
        '# what is to stay goes into the source; then, to overwrite what was changed:',
        commandLine('sync', '--force'),
        '# or, for a single one, and the next Pod there gets a new one:',
        deletion(copies),
      ].join('\n'),
  ],
  [
    'immutable',
    'out of date and immutable, so that nobody can change it',
    (copies) => ['# the next Pod there gets a new one; then create its Pods again:', deletion(copies)].join('\n'),
  ],
];

/** The command for the first, and how many more there are. */
function deletion(copies: readonly Copy[]): string {
  const [{ metadata: { namespace = '', name = '' } = {} } = {}] = copies;
  const more = copies.length > 1 ? ` # and ${copies.length - 1} more like it` : '';
  return shell`kubectl -n ${namespace} delete configmap ${name}` + more;
}
