import type { V1ProjectedVolumeSource, V1VolumeProjection } from '@kubernetes/client-node';
import type { Problem } from './schema.ts';

/** All paths of a projected volume: two files cannot have one. */
export function projectedPathProblems({ sources = [] }: V1ProjectedVolumeSource): Problem[] {
  const taken = new Set<string>();
  const pathsOf = (source: V1VolumeProjection, index: number): [Problem['path'], string | undefined][] => [
    ...(['secret', 'configMap', 'downwardAPI'] as const).flatMap((kind) =>
      listOf(source?.[kind]?.items).map((item, at): [Problem['path'], string | undefined] => [
        ['sources', index, kind, 'items', at, 'path'],
        item?.path,
      ]),
    ),
    // Missing in the API server's comparison, and in the kubelet one of the two files is lost.
    [['sources', index, 'serviceAccountToken', 'path'], source?.serviceAccountToken?.path],
    [['sources', index, 'clusterTrustBundle', 'path'], source?.clusterTrustBundle?.path],
    ...(['credentialBundlePath', 'keyPath', 'certificateChainPath'] as const).map(
      (field): [Problem['path'], string | undefined] => [
        ['sources', index, 'podCertificate', field],
        source?.podCertificate?.[field],
      ],
    ),
  ];
  return sources.flatMap(pathsOf).flatMap(([path, file]) => {
    if (typeof file !== 'string' || file === '') return [];
    if (taken.has(file)) return [{ path, message: 'must be unique in the volume: another file has that path' }];
    taken.add(file);
    return [];
  });
}

/** What is not a list is reported by its type. */
function listOf<T>(value: readonly T[] | undefined): readonly T[] {
  return Array.isArray(value) ? value : [];
}
