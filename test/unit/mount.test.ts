import { expect } from 'chai';
import { hasMount } from '../../function/review/mount.ts';
import { normalPath } from '../../function/review/path.ts';

const paths: [path: string, normal: string][] = [
  ['/etc/config', '/etc/config'],
  ['/etc/config/', '/etc/config'],
  ['//etc//config//', '/etc/config'],
  ['/etc/./config', '/etc/config'],
  ['/etc/x/../config', '/etc/config'],
  ['etc/config', '/etc/config'],
  ['/', '/'],
  ['//', '/'],
  ['', '/'],
];

describe('a path in a container', () => {
  for (const [path, normal] of paths) {
    it(`"${path}" is ${normal}`, () => expect(normalPath(path)).to.equal(normal));
  }
});

const mount = { name: 'v', mountPath: '/v', readOnly: true };
const mounts: [title: string, fields: object, isSame: boolean][] = [
  ['as it is', {}, true],
  [
    'with the propagation and recursion that it has anyway',
    { mountPropagation: 'None', recursiveReadOnly: 'Disabled' },
    true,
  ],
  ['with another propagation', { mountPropagation: 'HostToContainer' }, false],
  ['with another recursion', { recursiveReadOnly: 'Enabled' }, false],
  ['of a part of the volume', { subPath: 'part' }, false],
  ['of an empty part', { subPath: '' }, true],
  ['of another volume', { name: 'w' }, false],
  ['that can be written', { readOnly: false }, true],
];

describe('a container', () => {
  for (const [title, fields, isSame] of mounts) {
    it(`${isSame ? 'has' : 'does not have'} our mount ${title}`, () => {
      const volumeMounts = [{ ...mount, ...fields }];
      expect(hasMount({ name: 'app', volumeMounts }, mount)).to.equal(isSame);
    });
  }
});
