import type { V1Container, V1Volume, V1VolumeMount } from '@kubernetes/client-node';
import { expect } from 'chai';
import { withDefaults } from '../../function/review/injection.ts';
import { conflictInContainer } from '../../function/review/mount-conflict.ts';
import { NamedVolumes } from '../../function/review/named-volumes.ts';
import { review } from '../../function/review/review.ts';
import { admissionRequest } from '../support/admission-review.ts';

const volumes: V1Volume[] = [
  { name: 'theirs', emptyDir: {} },
  { name: 'certs', configMap: { name: 'certs' } },
  { name: 'scratch', emptyDir: {} },
];
const ours: V1Volume = { name: 'ours', configMap: { name: 'ours' } };
const file = (mountPath: string): V1VolumeMount => ({ name: 'ours', mountPath, subPath: 'x' });
const folder = (mountPath: string): V1VolumeMount => ({ name: 'ours', mountPath });

const cases: [title: string, mount: V1VolumeMount, container: Partial<V1Container>, conflict: string | undefined][] = [
  ['what is beside it', file('/etc/config2'), { volumeMounts: [at('theirs', '/etc/config')] }, undefined],
  [
    'the same path by way of /run',
    folder('/run/x'),
    { volumeMounts: [at('theirs', '/var/run/x')] },
    'is taken by volume theirs',
  ],
  ['what only begins like /var/run', folder('/runs/x'), { volumeMounts: [at('theirs', '/var/runs')] }, undefined],
  ['a writable /var/run around it', file('/run/x/y'), { volumeMounts: [at('theirs', '/var/run')] }, undefined],
  [
    'a writable /var/run/a that may come after it',
    file('/run/a/x'),
    { volumeMounts: [at('theirs', '/var/run/a')] },
    'is inside /var/run/a of volume theirs, which may hide what is inside',
  ],
  [
    'a ConfigMap at /var/run, where the kubelet makes no mount point for /run',
    folder('/run/x'),
    { volumeMounts: [at('certs', '/var/run')] },
    'is inside /var/run of volume certs, which is read-only',
  ],
  [
    'a block device inside it',
    folder('/data'),
    { volumeDevices: [{ name: 'disk', devicePath: '/data/disk' }] },
    'is around /data/disk of volume disk, a block device',
  ],
  [
    'a mount of the Pod between it and a ConfigMap',
    file('/etc/ssl/certs/x'),
    { volumeMounts: [at('certs', '/etc/ssl'), at('scratch', '/etc/ssl/certs')] },
    undefined,
  ],
  [
    'an injected mount between it and a ConfigMap, which may come later',
    file('/etc/ssl/certs/x'),
    { volumeMounts: [at('certs', '/etc/ssl'), at('injected', '/etc/ssl/certs')] },
    'is inside /etc/ssl of volume certs, which takes folders only',
  ],
  [
    'a mount whose volume the Pod does not define',
    file('/data/x'),
    { volumeMounts: [at('missing', '/data')] },
    'is inside /data of volume missing, which is not defined',
  ],
];

describe('what is in the way of a mount', () => {
  for (const [title, mount, container, conflict] of cases) {
    it(`is ${conflict ? '' : 'not '}${title}`, () => {
      const neighbours = {
        spec: { containers: [] },
        volumes: new NamedVolumes(volumes),
        injected: new NamedVolumes([ours, { name: 'injected', emptyDir: {} }]),
        isEphemeral: false,
      };
      expect(conflictInContainer({ name: 'app', ...container }, mount, neighbours)).to.equal(conflict);
    });
  }
});

describe('two injections that want one path', () => {
  it('leave it to the first, though no configuration has them', () => {
    const injections = ['first', 'second'].map((name) =>
      withDefaults({
        name,
        selector: { matchLabels: { hello: 'true' } },
        volume: { name, configMap: { name } },
        mount: { mountPath: '/etc/config' },
        labels: { [name]: 'OK' },
      }),
    );
    const pod = { metadata: { labels: { hello: 'true' } }, spec: { containers: [{ name: 'app' }] } };
    const { injections: injected, skipped } = review(admissionRequest(pod), injections);
    expect(injected).to.deep.equal(['first']);
    expect(skipped).to.deep.equal(['second: container app: /etc/config is taken by volume first']);
  });
});

function at(name: string, mountPath: string): V1VolumeMount {
  return { name, mountPath };
}
