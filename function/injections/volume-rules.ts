import type {
  V1AzureDiskVolumeSource,
  V1ClusterTrustBundleProjection,
  V1DownwardAPIVolumeFile,
  V1FCVolumeSource,
  V1FlexVolumeSource,
  V1FlockerVolumeSource,
  V1ISCSIVolumeSource,
  V1ObjectFieldSelector,
  V1PersistentVolumeClaimSpec,
  V1PersistentVolumeClaimTemplate,
  V1PodCertificateProjection,
  V1ProjectedVolumeSource,
  V1ResourceFieldSelector,
  V1TypedLocalObjectReference,
  V1VolumeProjection,
} from '@kubernetes/client-node';
import { quantityOf } from '../review/quantity.ts';
import { type Fields, fieldsOf, isEmpty } from './kubernetes-type.ts';
import { projectedPathProblems } from './projected-paths.ts';
import type { Problem } from './schema.ts';
import { isDnsSubdomain, quantity, signerName } from './value-rules.ts';
import { fieldRuleProblems } from './volume-field-rules.ts';

/** What must not be, where, and what must be instead. */
export type Rule = [isBroken: boolean, field: string, message: string];

/** k8s.io/kubernetes pkg/apis/core/validation, what it wants of several fields of a type together. */
const together: Readonly<Record<string, (object: never) => Rule[]>> = {
  ConfigMapVolumeSource: required('name'),
  ConfigMapProjection: required('name'),
  SecretProjection: required('name'),
  SecretVolumeSource: required('secretName'),
  ImageVolumeSource: required('reference'),
  EphemeralVolumeSource: required('volumeClaimTemplate'),
  StorageOSVolumeSource: required('volumeName'),
  ScaleIOVolumeSource: required('volumeName'),
  // Where there is a reference, it has to say to what.
  LocalObjectReference: required('name'),
  DownwardAPIVolumeFile: ({ fieldRef, resourceFieldRef }: V1DownwardAPIVolumeFile) => [
    [!fieldRef && !resourceFieldRef, 'fieldRef', 'is required, or resourceFieldRef'],
    [Boolean(fieldRef && resourceFieldRef), 'resourceFieldRef', 'must be left out with fieldRef'],
  ],
  ObjectFieldSelector: ({ fieldPath }: V1ObjectFieldSelector) => [
    [
      Boolean(fieldPath) && !isFieldPath(fieldPath),
      'fieldPath',
      "must be one of metadata.name, metadata.namespace, metadata.uid, metadata.labels, metadata.annotations, metadata.labels['KEY'], metadata.annotations['KEY']: a volume has no other fields of its Pod",
    ],
  ],
  ResourceFieldSelector: (selector: V1ResourceFieldSelector) => [
    [!selector.containerName, 'containerName', 'is required in a volume'],
    ...resourceRules(selector),
  ],
  VolumeProjection: (source: V1VolumeProjection) => {
    const kinds = Object.keys(source).filter((kind) => source[kind as keyof V1VolumeProjection]);
    return [
      // It takes one without a source, which says nothing.
      [kinds.length === 0, '', `must have a source: ${fieldsOf('VolumeProjection').join(', ')}`],
      [
        kinds.length > 1,
        kinds[1] ?? '',
        `must be an item of its own: one source each, and ${kinds[0]} is there already`,
      ],
    ];
  },
  ClusterTrustBundleProjection: ({ name, signerName: signer, labelSelector }: V1ClusterTrustBundleProjection) => [
    [name === undefined && signer === undefined, 'name', 'is required, or signerName'],
    [name !== undefined && signer !== undefined, 'signerName', 'must be left out with name'],
    [name === '', 'name', 'must not be empty'],
    [signer === '', 'signerName', 'must not be empty'],
    [Boolean(name) && !isTrustBundleName(name ?? ''), 'name', 'must be the name of a ClusterTrustBundle'],
    [name !== undefined && labelSelector !== undefined, 'labelSelector', 'must be left out with name'],
  ],
  PodCertificateProjection: (source: V1PodCertificateProjection) => [
    [
      !source.credentialBundlePath && !source.keyPath && !source.certificateChainPath,
      'credentialBundlePath',
      'is required, or keyPath or certificateChainPath',
    ],
    [
      /^([^/]*\.)?kubernetes\.io\//.test(source.signerName ?? '') && (source.maxExpirationSeconds ?? 0) > 24 * 3600,
      'maxExpirationSeconds',
      'must be 3600 to 86400 with a signer of Kubernetes',
    ],
  ],
  FCVolumeSource: ({ targetWWNs = [], wwids = [], lun }: V1FCVolumeSource) => [
    [targetWWNs.length === 0 && wwids.length === 0, 'targetWWNs', 'is required, or wwids'],
    [targetWWNs.length > 0 && wwids.length > 0, 'wwids', 'must be left out with targetWWNs'],
    [targetWWNs.length > 0 && lun === undefined, 'lun', 'is required with targetWWNs'],
    [targetWWNs.length > 0 && lun !== undefined && (lun < 0 || lun > 255), 'lun', 'must be 0 to 255'],
  ],
  ISCSIVolumeSource: ({ chapAuthDiscovery, chapAuthSession, secretRef }: V1ISCSIVolumeSource) => [
    [Boolean(chapAuthDiscovery || chapAuthSession) && !secretRef, 'secretRef', 'is required with CHAP'],
  ],
  FlockerVolumeSource: ({ datasetName, datasetUUID }: V1FlockerVolumeSource) => [
    [!datasetName && !datasetUUID, 'datasetName', 'is required, or datasetUUID'],
    [Boolean(datasetName && datasetUUID), 'datasetUUID', 'must be left out with datasetName'],
  ],
  FlexVolumeSource: ({ options = {} }: V1FlexVolumeSource) => [
    [
      Object.keys(options ?? {}).some((key) => /(^|\.)(kubernetes|k8s)\.io$/i.test(key.split('/')[0] ?? '')),
      'options',
      'must have no keys of kubernetes.io or k8s.io',
    ],
  ],
  AzureDiskVolumeSource: ({ kind = 'Shared', diskURI = '' }: V1AzureDiskVolumeSource) => {
    const start = kind === 'Managed' ? '/subscriptions/' : 'https://';
    return [[diskURI !== '' && !diskURI.startsWith(start), 'diskURI', `must begin with ${start} with kind ${kind}`]];
  },
  PersistentVolumeClaimTemplate: ({ metadata = {} }: V1PersistentVolumeClaimTemplate) =>
    Object.keys(metadata ?? {})
      .filter((field) => field !== 'labels' && field !== 'annotations')
      .map((field): Rule => [true, 'metadata', `must have labels and annotations only, no ${field}`]),
  PersistentVolumeClaimSpec: claimRules,
  TypedLocalObjectReference: ({ apiGroup, kind }: V1TypedLocalObjectReference) => [
    [!apiGroup && Boolean(kind) && kind !== 'PersistentVolumeClaim', 'apiGroup', `is required with kind ${kind}`],
  ],
  TypedObjectReference: ({ apiGroup, kind }: V1TypedLocalObjectReference) => [
    [!apiGroup && Boolean(kind) && kind !== 'PersistentVolumeClaim', 'apiGroup', `is required with kind ${kind}`],
  ],
};

/** What is wrong with a reference to a container's resource, in a volume or a variable. */
export function resourceRules(selector: V1ResourceFieldSelector): Rule[] {
  const { resource } = selector;
  return [
    [
      Boolean(resource) && !/^(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-.*)$/.test(resource),
      'resource',
      'must be limits or requests, and .cpu, .memory, .ephemeral-storage or .hugepages-SIZE',
    ],
    [
      !isDivisor(selector),
      'divisor',
      `must be ${resource?.endsWith('.cpu') ? '1 or 1m' : '1 of a unit, such as 1 or 1Mi'}`,
    ],
  ];
}

const modes = ['ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOncePod'];

function claimRules({ accessModes = [], resources, dataSource, dataSourceRef }: V1PersistentVolumeClaimSpec): Rule[] {
  const storage = (resources?.requests as Fields | undefined)?.storage;
  return [
    [accessModes.length === 0, 'accessModes', 'is required'],
    [accessModes.some((one) => !modes.includes(one)), 'accessModes', `must be of ${modes.join(', ')}`],
    [
      accessModes.includes('ReadWriteOncePod') && accessModes.some((one) => one !== 'ReadWriteOncePod'),
      'accessModes',
      'must have no other mode beside ReadWriteOncePod',
    ],
    [isEmpty(storage), 'resources', 'must have requests.storage, such as 1Gi'],
    ...broken('resources', isEmpty(storage) ? undefined : quantity({ canBeZero: false })(storage), 'requests.storage '),
    [
      Boolean(dataSource && dataSourceRef && JSON.stringify(dataSource) !== JSON.stringify(dataSourceRef)),
      'dataSource',
      'must be what dataSourceRef is, or be left out',
    ],
  ];
}

function broken(field: string, message: string | undefined, prefix = ''): Rule[] {
  return message === undefined ? [] : [[true, field, `${prefix}${message}`]];
}

function required(field: string): (object: never) => Rule[] {
  return (object: Fields) => [[isEmpty(object[field]), field, 'is required']];
}

function isFieldPath(path: string): boolean {
  return /^metadata\.(name|namespace|labels|annotations|uid)$/.test(path) || isKeyPath(path);
}

/** Whether a path is that of one label or annotation: `metadata.labels['KEY']`. */
export function isKeyPath(path: string): boolean {
  const [, kind, key = ''] = /^metadata\.(labels|annotations)\['([^']*)'\]$/.exec(path) ?? [];
  if (kind === undefined) return false;
  const [name = '', prefix] = key.split('/').reverse();
  const isPrefixed = prefix === undefined || isDnsSubdomain(kind === 'annotations' ? prefix.toLowerCase() : prefix);
  return key.split('/').length <= 2 && isPrefixed && /^[0-9A-Za-z]([-._0-9A-Za-z]{0,61}[0-9A-Za-z])?$/.test(name);
}

/** k8s.io/kubernetes pkg/apis/core/validation validateContainerResourceDivisor: 1k is one, and 1000; 1024 is none. */
function isDivisor({ resource = '', divisor }: V1ResourceFieldSelector): boolean {
  const amount = quantityOf(divisor);
  if (amount === undefined || amount === 0n) return true;
  const one = 10n ** 9n;
  if (resource.endsWith('.cpu')) return amount === one || amount === one / 1000n;
  const base = String(divisor).includes('i') ? 1024n : 1000n;
  return [0n, 1n, 2n, 3n, 4n, 5n, 6n].some((power) => amount === one * base ** power);
}

function isTrustBundleName(name: string): boolean {
  const at = name.lastIndexOf(':');
  if (at < 0) return isDnsSubdomain(name);
  return signerName(name.slice(0, at).replaceAll(':', '/')) === undefined && isDnsSubdomain(name.slice(at + 1));
}

/** What is wrong with an object of one of the types that a volume is made of, beyond the types of its fields. */
export function volumeRules(type: string, object: Fields): Problem[] {
  const more = (together[type] as ((object: Fields) => Rule[]) | undefined)?.(object) ?? [];
  return [
    ...fieldRuleProblems(type, object),
    ...brokenRules(more),
    ...(type === 'ProjectedVolumeSource' ? projectedPathProblems(object as V1ProjectedVolumeSource) : []),
  ];
}

/** The problems that rules tell of. */
export function brokenRules(rules: readonly Rule[]): Problem[] {
  return rules
    .filter(([isBroken]) => isBroken)
    .map(([, field, message]) => ({ path: field === '' ? [] : [field], message }));
}
