import { isSameQuantity } from './quantity.ts';

/**
 * What Kubernetes puts where a field of a volume or volumeMount was left unset, by `parent.field`: the API server
 * fills these in before and after every webhook, so what comes back is not what was sent.
 * Source: k8s.io/kubernetes pkg/apis/core/v1/zz_generated.defaults.go, SetObjectDefaults_Pod.
 */
const defaults: Readonly<Record<string, readonly unknown[]>> = {
  'configMap.defaultMode': [420],
  'secret.defaultMode': [420],
  'projected.defaultMode': [420],
  'downwardAPI.defaultMode': [420],
  'serviceAccountToken.expirationSeconds': [3600],
  'fieldRef.apiVersion': ['v1'],
  'resourceFieldRef.divisor': ['0'],
  // By the image's tag: Always for :latest or none, else IfNotPresent.
  'image.pullPolicy': ['Always', 'IfNotPresent'],
  'spec.volumeMode': ['Filesystem'],
  'iscsi.iscsiInterface': ['default'],
  // Not a default, but the API server writes it out even where it is unset.
  'iscsi.lun': [0],
  'rbd.pool': ['rbd'],
  'rbd.user': ['admin'],
  'rbd.keyring': ['/etc/ceph/keyring'],
  'azureDisk.cachingMode': ['ReadWrite'],
  'azureDisk.fsType': ['ext4'],
  'azureDisk.kind': ['Shared'],
  'scaleIO.storageMode': ['ThinProvisioned'],
  'scaleIO.fsType': ['xfs'],
  // Not filled in, but what unset means: a Pod that spells them out means the same.
  'volumeMount.mountPropagation': ['None'],
  'volumeMount.recursiveReadOnly': ['Disabled'],
};

/** Fields with quantities, which the API server rewrites into their shortest form: 1024Mi becomes 1Gi. */
const quantities: ReadonlySet<string> = new Set([
  'emptyDir.sizeLimit',
  'resourceFieldRef.divisor',
  'requests.storage',
  'limits.storage',
]);

/**
 * Whether `stored`, as it came from the API server, is what `declared` asks for: each declared field is there with its
 * value, and what was left unset is unset or holds Kubernetes' default. False, empty and absent are one.
 * `field` is where both stand, as `parent.field`.
 */
export function isAsDeclared(declared: unknown, stored: unknown, field: string): boolean {
  if (quantities.has(field) && !isUnset(declared)) return isSameQuantity(declared, stored ?? 0);
  if (isUnset(declared) || (isEmptyObject(declared) && !isSource(field)))
    return isUnset(stored) || isDefault(stored, field);
  if (declared === 0) return stored === 0 || isUnset(stored);
  if (Array.isArray(declared)) return isListAsDeclared(declared, stored, field);
  if (isObject(declared)) return isObject(stored) && isObjectAsDeclared(declared, stored, field);
  return declared === stored;
}

/** By the parent. */
const defaultsIn = Map.groupBy(Object.entries(defaults), ([field]) => field.slice(0, field.indexOf('.')));

/** A volume, or a part of one that stands in `parent`, with the defaults that the API server fills in. */
export function withDefaults<T>(declared: T, parent: string): T {
  if (Array.isArray(declared)) return declared.map((item) => withDefaults(item, parent)) as T;
  if (!isObject(declared)) return declared;
  const filled = (defaultsIn.get(parent) ?? []).map(([field, [value]]) => [field.slice(parent.length + 1), value]);
  const own = Object.entries(declared).map(([name, value]) => [name, withDefaults(value, name)]);
  return { ...Object.fromEntries(filled), ...Object.fromEntries(own) } as T;
}

function isListAsDeclared(declared: unknown[], stored: unknown, field: string): boolean {
  return (
    Array.isArray(stored) &&
    declared.length === stored.length &&
    declared.every((item, index) => isAsDeclared(item, stored[index], field))
  );
}

function isObjectAsDeclared(declared: Fields, stored: Fields, field: string): boolean {
  const names = new Set([...Object.keys(declared), ...Object.keys(stored)]);
  return [...names].every((name) => isAsDeclared(own(declared, name), own(stored, name), below(field, name)));
}

type Fields = Record<string, unknown>;

/** `emptyDir: {}` says something by being there, unlike the empty objects below it, which the API server leaves out. */
function isSource(field: string): boolean {
  return field.startsWith('volume.');
}

function isUnset(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    value === false ||
    value === '' ||
    (Array.isArray(value) && value.length === 0)
  );
}

function isEmptyObject(value: unknown): boolean {
  return isObject(value) && Object.keys(value).length === 0;
}

/** An object is a default when all it holds is: the API server stores `resources: {}` where nothing was declared. */
function isDefault(stored: unknown, field: string): boolean {
  if (isObject(stored)) {
    return Object.entries(stored).every(([name, value]) => isAsDeclared(undefined, value, below(field, name)));
  }
  return defaults[field]?.includes(stored) ?? false;
}

function below(field: string, name: string): string {
  return `${field.slice(field.indexOf('.') + 1)}.${name}`;
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function own(object: Fields, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
