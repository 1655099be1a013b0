import type { Fields } from './kubernetes-type.ts';
import type { Problem } from './schema.ts';
import {
  dnsLabel,
  matching,
  mode,
  objectName,
  oneOf,
  pathInVolume,
  pathWithoutBacksteps,
  quantity,
  signerName,
  type ValueRule,
  within,
} from './value-rules.ts';

const fileMode = mode(0o777);
const user = within(0, 2 ** 31 - 1, 'must be a user ID, 0 to 2147483647');
/** No ConfigMap or Secret can have another. */
const key = matching(/^(?!\.\.)[-._0-9A-Za-z]{1,253}$/, "must be a key: letters, digits, '-', '_' and '.'");
const lun = within(0, 255, 'must be 0 to 255');
const partition = lun;
const iscsiName = matching(
  /^(eui.[0-9A-Za-z]{16}|naa.[0-9A-Za-z]{32}|iqn\.\d{4}-\d\d\.[-.0-9A-Za-z]+:[^,;*&$|\s]+)$/,
  'must be an iSCSI name, as in iqn.2001-04.com.example:storage',
);

/**
 * What the API server wants of a field by itself, by type and field: k8s.io/kubernetes pkg/apis/core/validation. Where it
 * takes what cannot work, a comment says so.
 */
const rules: Readonly<Record<string, Readonly<Record<string, ValueRule>>>> = {
  // It takes any name, but no ConfigMap, Secret or claim can have another: the Pod would wait for ever.
  ConfigMapVolumeSource: { name: objectName, defaultMode: fileMode, defaultUser: user },
  SecretVolumeSource: { secretName: objectName, defaultMode: fileMode, defaultUser: user },
  ConfigMapProjection: { name: objectName },
  SecretProjection: { name: objectName },
  PersistentVolumeClaimVolumeSource: { claimName: objectName },
  AzureFileVolumeSource: { secretName: objectName },
  LocalObjectReference: { name: objectName },
  KeyToPath: {
    key,
    path: pathInVolume,
    mode: fileMode,
    user,
  },
  DownwardAPIVolumeSource: { defaultMode: fileMode, defaultUser: user },
  DownwardAPIVolumeFile: { path: pathInVolume, mode: fileMode, user },
  ObjectFieldSelector: { apiVersion: oneOf('', 'v1') },
  ResourceFieldSelector: { divisor: quantity({ canBeZero: true }) },
  ProjectedVolumeSource: { defaultMode: fileMode, defaultUser: user },
  ServiceAccountTokenProjection: {
    path: pathInVolume,
    expirationSeconds: within(600, 2 ** 32, 'must be 600 to 4294967296'),
    user,
  },
  ClusterTrustBundleProjection: { path: pathInVolume, signerName, user },
  PodCertificateProjection: {
    signerName,
    keyType: oneOf('RSA3072', 'RSA4096', 'ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519'),
    maxExpirationSeconds: within(3600, 91 * 24 * 3600, 'must be 3600 to 7862400'),
    credentialBundlePath: pathInVolume,
    keyPath: pathInVolume,
    certificateChainPath: pathInVolume,
    user,
  },
  EmptyDirVolumeSource: {
    // It takes any medium, of which the kubelet mounts these only (pkg/volume/emptydir).
    medium: matching(/^(Memory|HugePages(-.+)?)$/, 'must be Memory, HugePages or HugePages-SIZE, or be left out'),
    sizeLimit: quantity({ canBeZero: true }),
    mode: mode(0o1777),
  },
  HostPathVolumeSource: {
    path: pathWithoutBacksteps,
    type: oneOf('', 'DirectoryOrCreate', 'Directory', 'FileOrCreate', 'File', 'Socket', 'CharDevice', 'BlockDevice'),
  },
  ImageVolumeSource: { pullPolicy: oneOf('', 'Always', 'Never', 'IfNotPresent') },
  CSIVolumeSource: {
    driver: (value) =>
      typeof value === 'string' && (value.length > 63 || objectName(value.toLowerCase()))
        ? "must be the name of a CSI driver: at most 63 letters, digits, '-' and '.'"
        : undefined,
  },
  GitRepoVolumeSource: {
    directory: (value) =>
      typeof value === 'string' && value.startsWith('/') ? 'must be a relative path' : pathWithoutBacksteps(value),
  },
  ISCSIVolumeSource: { iqn: iscsiName, initiatorName: iscsiName, lun },
  NFSVolumeSource: { path: matching(/^\//, 'must be an absolute path') },
  GCEPersistentDiskVolumeSource: { partition },
  AWSElasticBlockStoreVolumeSource: { partition },
  AzureDiskVolumeSource: {
    cachingMode: oneOf('None', 'ReadOnly', 'ReadWrite'),
    kind: oneOf('Shared', 'Dedicated', 'Managed'),
  },
  FlockerVolumeSource: { datasetName: matching(/^[^/]*$/, "must not contain '/'") },
  StorageOSVolumeSource: { volumeName: dnsLabel, volumeNamespace: dnsLabel },
  QuobyteVolumeSource: {
    registry: (value) =>
      typeof value === 'string' && value.split(',').some((one) => !/^([^:[\]]*|\[[^[\]]*\]):[^:[\]]*$/.test(one))
        ? 'must be HOST:PORT, or several of them with commas'
        : undefined,
    tenant: matching(/^.{0,64}$/s, 'must be at most 64 characters'),
  },
  ConfigMapKeySelector: { name: objectName, key },
  SecretKeySelector: { name: objectName, key },
  FileKeySelector: {
    key: matching(/^[ -<>-~]+$/, "must be the name of a variable: printable ASCII characters without '='"),
    path: pathWithoutBacksteps,
    volumeName: dnsLabel,
  },
  PersistentVolumeClaimSpec: { storageClassName: objectName, volumeMode: oneOf('Block', 'Filesystem') },
};

/** What is wrong with the fields of an object of a type, each by itself. */
export function fieldRuleProblems(type: string, object: Fields): Problem[] {
  return Object.entries(rules[type] ?? {}).flatMap(([field, rule]) => {
    const message = rule(object[field]);
    return message === undefined ? [] : [{ path: [field], message }];
  });
}

/** The types that have such rules, for a test that each is a type, and each field one of its fields. */
export function ruledFields(): [type: string, fields: string[]][] {
  return Object.entries(rules).map(([type, fields]) => [type, Object.keys(fields)]);
}
