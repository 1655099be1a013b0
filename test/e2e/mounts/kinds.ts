import type { V1PersistentVolumeClaimSpec, V1Volume } from '@kubernetes/client-node';
import type { KubernetesApi } from '../../../scripts/kubernetes/client.ts';
import { image, runTrials } from './trials.ts';

/** Which of two nested mounts a volume is for; also what its file says. */
export type Role = 'outer' | 'inner';

export interface Kind {
  name: string;
  /** With the role as its name, for Pods in a namespace with `createVolumeObjects`. */
  volume(role: Role, namespace: string): V1Volume;
  /** A shell command that holds where a path is its file. */
  isFile(role: Role, path: string): string;
  /** The file's place in it. */
  file: string;
  /** Whether an init container has to write it. */
  isEmpty?: boolean;
  /** Whether a container can write it. */
  isWritable?: boolean;
  /** Whether the file can be mounted by itself: a subPath of an image has to be a folder. */
  isWhole?: boolean;
}

const own = { file: 'own', isFile: (role: Role, path: string) => `[ "$(cat ${path})" = ${role} ]` };

export const kinds: readonly Kind[] = [
  { ...own, name: 'configMap', volume: (role) => ({ name: role, configMap: { name: role } }) },
  { ...own, name: 'secret', volume: (role) => ({ name: role, secret: { secretName: role } }) },
  {
    ...own,
    name: 'projected',
    volume: (role) => ({ name: role, projected: { sources: [{ configMap: { name: role } }] } }),
  },
  {
    ...own,
    name: 'downwardAPI',
    volume: (role) => {
      const fieldRef = { fieldPath: `metadata.annotations['${role}']` };
      return { name: role, downwardAPI: { items: [{ path: 'own', fieldRef }] } };
    },
  },
  {
    ...own,
    name: 'emptyDir',
    isEmpty: true,
    isWritable: true,
    volume: (role) => ({ name: role, emptyDir: {} }),
  },
  {
    ...own,
    name: 'hostPath',
    isWritable: true,
    volume: (role, namespace) => ({ name: role, hostPath: folderOfNode(namespace, role) }),
  },
  {
    ...own,
    name: 'persistentVolumeClaim',
    isWritable: true,
    volume: (role) => ({ name: role, persistentVolumeClaim: { claimName: role } }),
  },
  {
    name: 'image',
    file: 'etc/passwd',
    isFile: (_, path) => `grep -q ^root: ${path}`,
    isWhole: true,
    volume: (role) => ({ name: role, image: { reference: image } }),
  },
];

export function folderOfNode(namespace: string, name: string): V1Volume['hostPath'] & object {
  return { path: `/var/tmp/${namespace}/${name}`, type: 'DirectoryOrCreate' };
}

/** Creates what volumes are made from, and writes the files of those that last; PersistentVolumes go with `cleanup`. */
export async function createVolumeObjects(
  api: KubernetesApi,
  namespace: string,
  cleanup: AsyncDisposableStack,
): Promise<void> {
  for (const role of ['outer', 'inner'] as const) {
    const create = (type: string, body: object) =>
      api.send('POST', `/api/v1/namespaces/${namespace}/${type}`, { body });
    await create('configmaps', { metadata: { name: role }, data: { own: role } });
    await create('secrets', { metadata: { name: role }, stringData: { own: role } });
    await createPersistentVolume(api, namespace, role, cleanup);
    await create('persistentvolumeclaims', { metadata: { name: role }, spec: claimOf(namespace, role) });
  }
  const lasting = kinds.filter(({ isWritable, isEmpty }) => isWritable && !isEmpty);
  const volumes = lasting.flatMap((kind) =>
    (['outer', 'inner'] as const).map((role) => ({
      ...kind.volume(role, namespace),
      name: `${kind.name.toLowerCase()}-${role}`,
    })),
  );
  const volumeMounts = volumes.map(({ name }) => ({ name, mountPath: `/${name}` }));
  const demands = Object.fromEntries(
    volumes.map(({ name }) => [`no file in ${name}`, `echo ${name.split('-')[1]} > /${name}/own`]),
  );
  const outcomes = await runTrials(api, namespace, [
    { name: 'write-files', spec: { volumes }, container: { volumeMounts }, demands },
  ]);
  if (outcomes.get('write-files') !== 'works') throw new Error(`no files for trials: ${outcomes.get('write-files')}`);
}

const ofClaims = { accessModes: ['ReadWriteMany'], storageClassName: '' };

/** What a claim of this PersistentVolume says. */
export function claimOf(namespace: string, name: string): V1PersistentVolumeClaimSpec {
  return { ...ofClaims, volumeName: `${namespace}-${name}`, resources: { requests: { storage: '1Mi' } } };
}

/** Creates a PersistentVolume that is a folder of the node. */
export async function createPersistentVolume(
  api: KubernetesApi,
  namespace: string,
  name: string,
  cleanup: AsyncDisposableStack,
): Promise<void> {
  const { volumeName } = claimOf(namespace, name);
  const spec = { ...ofClaims, capacity: { storage: '1Mi' }, hostPath: folderOfNode(namespace, `claim-${name}`) };
  await api.send('POST', '/api/v1/persistentvolumes', { body: { metadata: { name: volumeName }, spec } });
  cleanup.defer(async () => {
    await api.send('DELETE', `/api/v1/persistentvolumes/${volumeName}`);
  });
}
