import type { V1LabelSelector, V1Volume, V1VolumeMount } from '@kubernetes/client-node';
import { fileVolume } from '../review/files.ts';
import { annotationPrefix, configMapsOf, type DeclaredInjection } from '../review/injection.ts';
import { normalPath } from '../review/path.ts';
import { selectedKeys } from '../review/selector.ts';
import { filesAndVariablesProblems } from './files-and-variables.ts';
import { ownedKeyProblem } from './owned-keys.ts';
import type { Problem } from './schema.ts';
import { systemPathProblem } from './system-paths.ts';
import { volumeProblems } from './volume.ts';

/**
 * What no schema can say of an injection by itself, with paths from it. Fields may be missing, since those that are
 * misshapen are reported elsewhere.
 */
export function injectionProblems(
  injection: Partial<DeclaredInjection>,
  isMisshapen: (field: string) => boolean,
): Problem[] {
  return [
    ...selectorProblems(injection, isMisshapen),
    ...filesAndVariablesProblems(injection, isMisshapen),
    ...volumeFieldProblems(injection),
    ...mountProblems(injection),
    ...metadataProblems(injection),
  ];
}

function selectorProblems(
  { selector, namespaceSelector }: Partial<DeclaredInjection>,
  isMisshapen: (field: string) => boolean,
): Problem[] {
  const isEmpty = (one: V1LabelSelector | undefined) => one !== undefined && selectedKeys(one).length === 0;
  const mayBeEmpty = namespaceSelector !== undefined || isMisshapen('namespaceSelector');
  const emptyProblem = (field: string, what: string): Problem => ({
    path: [field],
    message: `must not be empty, or it would select every ${what}: give matchLabels or matchExpressions`,
  });
  const isMissing = selector === undefined && !isMisshapen('selector');
  return [
    ...(isMissing && !mayBeEmpty
      ? [{ path: ['selector'], message: 'is required, unless there is a namespaceSelector' }]
      : []),
    ...(isEmpty(selector) && !mayBeEmpty ? [emptyProblem('selector', 'Pod')] : []),
    ...(isEmpty(namespaceSelector) ? [emptyProblem('namespaceSelector', 'namespace')] : []),
    ...expressionProblems('selector', selector),
    ...expressionProblems('namespaceSelector', namespaceSelector),
  ];
}

function expressionProblems(field: string, { matchExpressions = [] }: V1LabelSelector = {}): Problem[] {
  return matchExpressions.flatMap(({ operator, values = [] }, index): Problem[] => {
    const needsValues = operator === 'In' || operator === 'NotIn';
    if (needsValues === values.length > 0) return [];
    const message = `must ${needsValues ? 'not be empty' : 'be left out'} with operator ${operator}`;
    return [{ path: [field, 'matchExpressions', index, 'values'], message }];
  });
}

function volumeFieldProblems({ name = '', volume, files, ensure }: Partial<DeclaredInjection>): Problem[] {
  const hasNone = ensure && (volume?.name || files) && configMapsOf(volume).length === 0;
  return [
    ...(files ? volumeNameProblems(name, ['name']) : volumeNameProblems(volume?.name ?? '', ['volume', 'name'])),
    ...(hasNone ? [{ path: ['ensure'], message: 'needs a volume with a ConfigMap' }] : []),
    ...volumeProblems(volume ?? {}).map((problem) => ({ ...problem, path: ['volume', ...problem.path] })),
  ];
}

/** k8s.io/kubernetes plugin/pkg/admission/serviceaccount mountServiceAccountToken goes by the name alone. */
function volumeNameProblems(name: string, path: Problem['path']): Problem[] {
  if (!name.startsWith('kube-api-access-')) return [];
  const message = "must not begin with kube-api-access-: admission mounts such a volume as the ServiceAccount's token";
  return [{ path, message }];
}

/** The rules of k8s.io/kubernetes pkg/apis/core/validation ValidateVolumeMounts: broken, they would break every Pod. */
function mountProblems({ volume, files, mount, mounts = [] }: Partial<DeclaredInjection>): Problem[] {
  const source = files ? fileVolume('files', files) : volume;
  const problemsAt = (one: Partial<V1VolumeMount>, path: Problem['path']) => [
    ...problemsOfMount(one, path, volume),
    ...systemPathProblems(one, path, source),
  ];
  return [
    ...(mount ? problemsAt(mount, ['mount']) : []),
    ...mounts.flatMap((one, index) => problemsAt(one, ['mounts', index])),
  ];
}

function systemPathProblems(
  { mountPath, ...mount }: Partial<V1VolumeMount>,
  path: Problem['path'],
  volume: V1Volume | undefined,
): Problem[] {
  const message = mountPath && volume && systemPathProblem(volume, { name: volume.name, ...mount, mountPath });
  return message ? [{ path: [...path, 'mountPath'], message }] : [];
}

function problemsOfMount(
  mount: Partial<V1VolumeMount>,
  path: Problem['path'],
  volume: V1Volume | undefined,
): Problem[] {
  const isRecursive = mount.recursiveReadOnly === 'IfPossible' || mount.recursiveReadOnly === 'Enabled';
  const isNamedAsVolume = mount.name === undefined || !volume || mount.name === volume.name;
  const rules: [boolean, keyof V1VolumeMount, string][] = [
    [isNamedAsVolume, 'name', `must be the volume's, ${volume?.name}, or be left out`],
    [normalPath(mount.mountPath ?? '.') !== '/' || !mount.mountPath, 'mountPath', 'must not be the root'],
    // The API server takes it, and the runtime cleans it: nobody sees where the files will be.
    [!mount.mountPath?.split('/').includes('..'), 'mountPath', "must not contain '..'"],
    [!(mount.subPath && mount.subPathExpr), 'subPathExpr', 'must be left out with subPath'],
    [!isRecursive || mount.readOnly === true, 'recursiveReadOnly', 'needs readOnly: true'],
    [
      !isRecursive || (mount.mountPropagation ?? 'None') === 'None',
      'mountPropagation',
      'must be None with recursiveReadOnly',
    ],
  ];
  return rules.filter(([holds]) => !holds).map(([, field, message]) => ({ path: [...path, field], message }));
}

function metadataProblems({ labels = {}, annotations = {} }: Partial<DeclaredInjection>): Problem[] {
  const own = (key: string) =>
    key.startsWith(annotationPrefix) ? `must not begin with ${annotationPrefix}, the webhook's own prefix` : undefined;
  const problemsOf = (kind: 'labels' | 'annotations', values: object, problemOf: (key: string) => string | undefined) =>
    Object.keys(values).flatMap((key): Problem[] => {
      const message = problemOf(key);
      return message === undefined ? [] : [{ path: [kind, key], message }];
    });
  return [
    ...problemsOf('labels', labels, ownedKeyProblem),
    ...problemsOf('annotations', annotations, (key) => own(key) ?? ownedKeyProblem(key)),
  ];
}
