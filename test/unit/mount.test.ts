import { expect } from 'chai';
import { normalPath } from '../../function/mount.ts';

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
