import { expect } from 'chai';
import { isAsDeclared } from '../../function/review/volume-comparison.ts';

/** What is declared, what the API server has stored, and whether the one is the other. */
const volumes: [title: string, declared: object, stored: object, isSame: boolean][] = [
  [
    'the default mode of a configMap',
    { configMap: { name: 'c' } },
    { configMap: { name: 'c', defaultMode: 420 } },
    true,
  ],
  ['another mode of a configMap', { configMap: { name: 'c' } }, { configMap: { name: 'c', defaultMode: 256 } }, false],
  ['a mode of 0', { configMap: { defaultMode: 0 } }, { configMap: { defaultMode: 420 } }, false],
  ['another configMap', { configMap: { name: 'c' } }, { configMap: { name: 'd' } }, false],
  ['another source', { configMap: { name: 'c' } }, { secret: { secretName: 'c' } }, false],
  [
    'optional left unset and false',
    { secret: { secretName: 's' } },
    { secret: { secretName: 's', optional: false } },
    true,
  ],
  ['optional false and left unset', { secret: { optional: false } }, { secret: {} }, true],
  [
    'optional left unset and true',
    { secret: { secretName: 's' } },
    { secret: { secretName: 's', optional: true } },
    false,
  ],
  [
    'items in the same order',
    { configMap: { items: [{ key: 'a', path: 'b' }] } },
    { configMap: { items: [{ path: 'b', key: 'a' }] } },
    true,
  ],
  [
    'one item more',
    { configMap: { items: [{ key: 'a' }] } },
    { configMap: { items: [{ key: 'a' }, { key: 'b' }] } },
    false,
  ],
  ['no items and empty items', { configMap: { items: [] } }, { configMap: {} }, true],
  [
    'the defaults of a projected volume',
    {
      projected: {
        sources: [
          { serviceAccountToken: { path: 't' } },
          { downwardAPI: { items: [{ path: 'l', fieldRef: { fieldPath: 'metadata.labels' } }] } },
        ],
      },
    },
    {
      projected: {
        defaultMode: 420,
        sources: [
          { serviceAccountToken: { path: 't', expirationSeconds: 3600 } },
          { downwardAPI: { items: [{ path: 'l', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.labels' } }] } },
        ],
      },
    },
    true,
  ],
  [
    'a token that lasts longer',
    { projected: { sources: [{ serviceAccountToken: {} }] } },
    { projected: { sources: [{ serviceAccountToken: { expirationSeconds: 7200 } }] } },
    false,
  ],
  [
    'the pull policy of an image',
    { image: { reference: 'i:1' } },
    { image: { reference: 'i:1', pullPolicy: 'IfNotPresent' } },
    true,
  ],
  [
    'a pull policy that is no default',
    { image: { reference: 'i:1' } },
    { image: { reference: 'i:1', pullPolicy: 'Never' } },
    false,
  ],
  ['a quantity in another form', { emptyDir: { sizeLimit: '1024Mi' } }, { emptyDir: { sizeLimit: '1Gi' } }, true],
  ['a quantity in millis', { emptyDir: { sizeLimit: '1500m' } }, { emptyDir: { sizeLimit: 1.5 } }, true],
  ['another quantity', { emptyDir: { sizeLimit: '1G' } }, { emptyDir: { sizeLimit: '1Gi' } }, false],
  ['no quantity at all', { emptyDir: { sizeLimit: '1G' } }, { emptyDir: { sizeLimit: {} } }, false],
  ['a hostPath without a type', { hostPath: { path: '/p' } }, { hostPath: { path: '/p', type: '' } }, true],
  ['an empty emptyDir', { emptyDir: {} }, { emptyDir: {} }, true],
  ['an emptyDir in memory', { emptyDir: {} }, { emptyDir: { medium: 'Memory' } }, false],
  [
    'the defaults of an ephemeral volume',
    { ephemeral: { volumeClaimTemplate: { spec: { resources: { requests: { storage: '1024Mi' } } } } } },
    {
      ephemeral: {
        volumeClaimTemplate: {
          metadata: { creationTimestamp: null },
          spec: { resources: { requests: { storage: '1Gi' } }, volumeMode: 'Filesystem' },
        },
      },
    },
    true,
  ],
  [
    'a key like a built-in property',
    { configMap: { name: 'c' } },
    { configMap: { name: 'c', constructor: 'x' } },
    false,
  ],
  [
    'an empty map that the API server leaves out',
    { csi: { driver: 'd', volumeAttributes: {} } },
    { csi: { driver: 'd' } },
    true,
  ],
  [
    'a map that was left out and is not empty',
    { csi: { driver: 'd' } },
    { csi: { driver: 'd', volumeAttributes: { a: 'b' } } },
    false,
  ],
  ['an empty source and none', { emptyDir: {} }, {}, false],
  ['a limit of 0', { emptyDir: { sizeLimit: 0 } }, { emptyDir: { sizeLimit: '0' } }, true],
  ['a limit of 0 and none', { emptyDir: { sizeLimit: 0 } }, { emptyDir: {} }, true],
  [
    'a fraction that is stored in thousandths',
    { emptyDir: { sizeLimit: '2.3Gi' } },
    { emptyDir: { sizeLimit: '2469606195200m' } },
    true,
  ],
  ['a fraction finer than is stored', { emptyDir: { sizeLimit: '0.1n' } }, { emptyDir: { sizeLimit: '1n' } }, true],
  ['an exponent', { emptyDir: { sizeLimit: '1.5e3' } }, { emptyDir: { sizeLimit: '1500' } }, true],
  [
    'a divisor',
    { downwardAPI: { items: [{ resourceFieldRef: { divisor: '1000m' } }] } },
    { downwardAPI: { defaultMode: 420, items: [{ resourceFieldRef: { divisor: '1' } }] } },
    true,
  ],
  [
    'a divisor left unset',
    { downwardAPI: { items: [{ resourceFieldRef: {} }] } },
    { downwardAPI: { items: [{ resourceFieldRef: { divisor: '0' } }] } },
    true,
  ],
  [
    'a limit on a claim',
    { ephemeral: { volumeClaimTemplate: { spec: { resources: { limits: { storage: '1024Mi' } } } } } },
    { ephemeral: { volumeClaimTemplate: { spec: { resources: { limits: { storage: '1Gi' } } } } } },
    true,
  ],
  [
    'the defaults of rbd',
    { rbd: { image: 'i' } },
    { rbd: { image: 'i', pool: 'rbd', user: 'admin', keyring: '/etc/ceph/keyring' } },
    true,
  ],
  [
    'the defaults of azureDisk',
    { azureDisk: { diskName: 'd' } },
    { azureDisk: { diskName: 'd', cachingMode: 'ReadWrite', fsType: 'ext4', kind: 'Shared', readOnly: false } },
    true,
  ],
  [
    'the defaults of scaleIO',
    { scaleIO: { system: 's' } },
    { scaleIO: { system: 's', storageMode: 'ThinProvisioned', fsType: 'xfs' } },
    true,
  ],
  [
    'the default of another source',
    { cephfs: { monitors: ['m'] } },
    { cephfs: { monitors: ['m'], user: 'admin' } },
    false,
  ],
];

describe('a volume as it is stored', () => {
  for (const [title, declared, stored, isSame] of volumes) {
    it(`${isSame ? 'is' : 'is not'} the declared one: ${title}`, () => {
      expect(isAsDeclared({ name: 'v', ...declared }, { name: 'v', ...stored }, 'volume')).to.equal(isSame);
    });
  }
});
