import type { V1Volume, V1VolumeMount } from '@kubernetes/client-node';
import { claimOf, folderOfNode } from './kinds.ts';
import type { Trial } from './trials.ts';

/** What the kinds of volumes do not say of nested mounts. */
export interface Further {
  title: string;
  /** The last is the one in question. */
  mounts: readonly (Omit<V1VolumeMount, 'name'> & { name: Name })[];
}

type Name = 'outer' | 'inner' | 'folder' | 'scratch' | 'file' | 'claim' | 'ephemeral';

const inner = { name: 'inner', mountPath: '/outer/inner' } as const;
const innerFile = { ...inner, subPath: 'own' };

export const furthers: readonly Further[] = [
  { title: 'a folder, two levels deep in a configMap', mounts: [at('outer'), { ...inner, mountPath: '/outer/a/b' }] },
  {
    title: 'a file, two levels deep in an emptyDir',
    mounts: [at('scratch'), { ...innerFile, mountPath: '/outer/a/b' }],
  },
  {
    title: 'a file in an emptyDir in a configMap',
    mounts: [
      at('outer'),
      { name: 'scratch', mountPath: '/outer/scratch' },
      { ...innerFile, mountPath: '/outer/scratch/x' },
    ],
  },
  { title: 'a folder in a file of a configMap, by subPath', mounts: [{ ...at('outer'), subPath: 'own' }, inner] },
  { title: 'a folder in a folder of a configMap, by subPath', mounts: [{ ...at('folder'), subPath: 'folder' }, inner] },
  {
    title: 'a folder in a folder of an emptyDir, by subPath',
    mounts: [{ ...at('scratch'), subPath: 'folder' }, inner],
  },
  {
    title: 'a file in a folder of an emptyDir, by subPath',
    mounts: [{ ...at('scratch'), subPath: 'folder' }, innerFile],
  },
  { title: 'a file of the node in a configMap', mounts: [at('outer'), { name: 'file', mountPath: '/outer/file' }] },
  { title: 'a file of the node in an emptyDir', mounts: [at('scratch'), { name: 'file', mountPath: '/outer/file' }] },
  { title: 'a folder in a file of the node', mounts: [at('file'), inner] },
  { title: 'a folder in a claim that the Pod only reads', mounts: [at('claim'), inner] },
  { title: 'a file in an ephemeral volume', mounts: [at('ephemeral'), innerFile] },
  { title: 'a folder in a configMap at a relative path', mounts: [{ ...at('outer'), mountPath: 'outer' }, inner] },
  {
    title: 'a folder at a relative path in a configMap',
    mounts: [at('outer'), { ...inner, mountPath: 'outer/inner' }],
  },
  {
    title: 'a folder in a configMap, in other slashes',
    mounts: [
      { ...at('outer'), mountPath: '/outer//' },
      { ...inner, mountPath: '//outer/./inner/' },
    ],
  },
  { title: 'a folder in an emptyDir at the root', mounts: [{ ...at('scratch'), mountPath: '/' }, inner] },
];

function at<N extends Name>(name: N) {
  return { name, mountPath: '/outer' };
}

export function furtherTrial({ mounts }: Further, name: string, namespace: string): Trial {
  const path = mounts.at(-1)?.mountPath ?? '';
  const isInner = mounts.at(-1)?.name === 'inner';
  const isFile = mounts.at(-1)?.subPath !== undefined;
  return {
    name,
    spec: { volumes: furtherVolumes(mounts, namespace) },
    container: { volumeMounts: [...mounts] },
    demands: isInner
      ? { 'the file of the inner is missing': `[ "$(cat /${path}${isFile ? '' : '/own'})" = inner ]` }
      : { 'the inner is no file': `[ -f ${path} ]` },
  };
}

export function furtherVolumes(mounts: Further['mounts'], namespace: string): V1Volume[] {
  const sources: Record<Name, Omit<V1Volume, 'name'>> = {
    outer: { configMap: { name: 'outer' } },
    inner: { configMap: { name: 'inner' } },
    folder: { configMap: { name: 'outer', items: [{ key: 'own', path: 'folder/own' }] } },
    scratch: { emptyDir: {} },
    file: { hostPath: { ...folderOfNode(namespace, 'file'), type: 'FileOrCreate' } },
    claim: { persistentVolumeClaim: { claimName: 'outer', readOnly: true } },
    ephemeral: { ephemeral: { volumeClaimTemplate: { spec: claimOf(namespace, 'ephemeral') } } },
  };
  return [...new Set(mounts.map((mount) => mount.name))].map((name) => ({ name, ...sources[name] }));
}
