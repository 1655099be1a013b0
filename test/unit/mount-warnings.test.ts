import { expect } from 'chai';
import { mountWarnings } from '../../function/injections/mount-warnings.ts';
import { podSecurityWarnings } from '../../function/injections/pod-security.ts';
import { type DeclaredInjection, withDefaults } from '../../function/review/injection.ts';

const configMap = { name: 'v', configMap: { name: 'c' } };
const hides = (path: string) => `a folder at ${path} hides all that an image has there: mount single files, by subPath`;
const isStale = (path: string) => `${path} is mounted by subPath: a running container never sees the volume's updates`;

const cases: [title: string, parts: Partial<DeclaredInjection>, warnings: string[]][] = [
  ['a folder of its own', { volume: configMap, mount: { mountPath: '/etc/config' } }, []],
  [
    'folders that images fill',
    {
      volume: configMap,
      mounts: ['/etc/ssl/certs/', '/usr/share/x', '/lib64', '/opt'].map((mountPath) => ({ mountPath })),
    },
    ['/etc/ssl/certs', '/usr/share/x', '/lib64', '/opt'].map(hides),
  ],
  [
    'what only begins like one',
    { volume: configMap, mounts: ['/binaries', '/etc/sslx', '/opt/x'].map((mountPath) => ({ mountPath })) },
    [],
  ],
  [
    'a single file',
    { volume: configMap, mount: { mountPath: '/etc/ssl/certs/ca.crt', subPath: 'ca.crt' } },
    [isStale('/etc/ssl/certs/ca.crt')],
  ],
  [
    'a part of a volume that nobody rewrites',
    { volume: { name: 'v', emptyDir: {} }, mount: { mountPath: '/x', subPath: 'x' } },
    [],
  ],
  ['a file that travels in the Pod', { files: { x: 'x' }, mount: { mountPath: '/x', subPath: 'x' } }, []],
  [
    'a file of the node',
    { volume: { name: 'v', hostPath: { path: '/x', type: 'File' } }, mount: { mountPath: '/usr/bin/x' } },
    [],
  ],
  ['variables alone', { env: [{ name: 'X', value: 'x' }] }, []],
];

describe('warnings of mounts', () => {
  for (const [title, parts, warnings] of cases) {
    it(`${warnings.length > 0 ? 'are given' : 'are not given'} for ${title}`, () => {
      const injection = withDefaults({ name: 'x', selector: { matchLabels: { x: 'x' } }, ...parts });
      expect(mountWarnings(injection)).to.deep.equal(warnings);
    });
  }
});

describe('warnings of Pod Security', () => {
  for (const [volume, warnings] of [
    [
      { name: 'v', hostPath: { path: '/x' } },
      ['hostPath is refused where Pod Security enforces baseline or restricted'],
    ],
    [{ name: 'v', nfs: { server: 's', path: '/' } }, ['nfs is refused where Pod Security enforces restricted']],
    [configMap, []],
    [undefined, []],
  ] as const) {
    it(`are ${warnings.length > 0 ? 'given' : 'not given'} for ${JSON.stringify(volume)}`, () => {
      const expected = warnings.map((warning) => `a volume of kind ${warning}`);
      expect(podSecurityWarnings(volume ? { volume } : {})).to.deep.equal(expected);
    });
  }
});
