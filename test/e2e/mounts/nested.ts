import type { V1VolumeMount } from '@kubernetes/client-node';
import { type Kind, kinds, type Role } from './kinds.ts';
import { image, type Outcome, type Trial } from './trials.ts';

/** One mount inside another. */
export interface Nesting {
  outer: Kind;
  isReadOnly: boolean;
  inner: Kind;
  /** Whether the inner is a single file, by subPath. */
  isFile: boolean;
  /** Whether the outer comes first in the container. */
  isOuterFirst: boolean;
}

const both = [false, true];

/** Every way in which a mount of these kinds can be inside another. */
export const nestings: readonly Nesting[] = kinds.flatMap((outer) =>
  both.flatMap((isReadOnly) =>
    kinds.flatMap((inner) =>
      both
        .filter((isFile) => !(isFile && inner.isWhole))
        .flatMap((isFile) => both.map((isOuterFirst) => ({ outer, isReadOnly, inner, isFile, isOuterFirst }))),
    ),
  ),
);

/** One for each cell of the table, which the inner's kind and the order have made no difference to. */
export const nestingsByCell = nestings.filter(({ inner, isOuterFirst }) => inner.name === 'configMap' && isOuterFirst);

/** A Pod with both, in which the files of both have to be seen, and the inner to be written where it can be. */
export function nestingTrial(nesting: Nesting, name: string, namespace: string): Trial {
  const { outer, isReadOnly, inner, isFile, isOuterFirst } = nesting;
  const around: V1VolumeMount = { name: 'outer', mountPath: '/outer', ...(isReadOnly && { readOnly: true }) };
  // A path of the trial's own: volumes that last still have the mount points of others.
  const inside: V1VolumeMount = { name: 'inner', mountPath: `/outer/${name}`, ...(isFile && { subPath: inner.file }) };
  const fileOfInner = isFile ? inside.mountPath : `${inside.mountPath}/${inner.file}`;
  return {
    name,
    spec: {
      volumes: [outer.volume('outer', namespace), inner.volume('inner', namespace)],
      initContainers: [...writeFile(outer, 'outer'), ...writeFile(inner, 'inner')],
    },
    container: { volumeMounts: isOuterFirst ? [around, inside] : [inside, around] },
    demands: {
      'the file of the outer is hidden': outer.isFile('outer', `/outer/${outer.file}`),
      'the file of the inner is missing': inner.isFile('inner', fileOfInner),
      ...(inner.isWritable && { 'the inner cannot be written': `true >> ${fileOfInner}` }),
    },
  };
}

function writeFile({ isEmpty, file }: Kind, role: Role) {
  if (!isEmpty) return [];
  const volumeMounts = [{ name: role, mountPath: '/empty' }];
  return [{ name: `write-${role}`, image, command: ['sh', '-c', `echo ${role} > /empty/${file}`], volumeMounts }];
}

/** The outcomes by the outer and what is inside it: one, where the inner's kind and the order make no difference. */
export function nestingTable(outcomes: ReadonlyMap<Nesting, Outcome>): object {
  const table: Record<string, Record<string, Outcome | Record<string, Outcome>>> = {};
  for (const { outer, isReadOnly, isFile } of outcomes.keys()) {
    const alike = [...outcomes].filter(
      ([other]) => other.outer === outer && other.isReadOnly === isReadOnly && other.isFile === isFile,
    );
    const different = new Set(alike.map(([, outcome]) => outcome));
    const byInner = alike.map(([{ inner, isOuterFirst }, outcome]) => [
      `${inner.name}${isOuterFirst ? '' : ', first'}`,
      outcome,
    ]);
    const row = `${outer.name}${isReadOnly ? ', readOnly' : ''}`;
    const [common = ''] = different;
    table[row] = {
      ...table[row],
      [isFile ? 'file' : 'folder']: different.size > 1 ? Object.fromEntries(byInner) : common,
    };
  }
  return table;
}
